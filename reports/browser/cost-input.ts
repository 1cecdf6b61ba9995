/** The price field: what a thousand questions cost at the price that is typed in. */
/// <reference lib="dom" />

const priceInput = document.getElementById('cost-price');
const costOutput = document.getElementById('cost-amount');

function costText(dollars: number): string {
  return dollars >= 1 || dollars === 0 ? dollars.toFixed(2) : dollars.toPrecision(2);
}

if (priceInput instanceof HTMLInputElement && costOutput !== null) {
  priceInput.addEventListener('input', () => {
    const price = Number(priceInput.value);
    const seconds = Number(priceInput.dataset.seconds);
    const isPrice = priceInput.value !== '' && Number.isFinite(price) && price >= 0;
    costOutput.textContent = isPrice ? costText((seconds / 3600) * price) : '—';
  });
}
