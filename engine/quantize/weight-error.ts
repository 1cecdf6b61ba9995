/** How far converted weights are from what they were: sums that add up over strips, tensors and parts. */

export interface ErrorSums {
  /** Weights compared. */
  readonly elements: number;
  /** Sum of (new - old)^2. */
  readonly squaredError: number;
  /** Sum of old^2. */
  readonly squaredWeight: number;
  /** Largest |new - old|. */
  readonly maxError: number;
  /** e4m3 codes at +-448, the ends of the range: by the rule of amax / 448 at least one in every block that is not zero. */
  readonly saturated: number;
}

export interface WeightError extends ErrorSums {
  /** |new - old| / |old| in the Frobenius norm, 0..1 and beyond; 0 for weights that are all zero. */
  readonly relativeError: number;
}

export const NO_ERROR: ErrorSums = { elements: 0, squaredError: 0, squaredWeight: 0, maxError: 0, saturated: 0 };

export function addErrors(a: ErrorSums, b: ErrorSums): ErrorSums {
  return {
    elements: a.elements + b.elements,
    squaredError: a.squaredError + b.squaredError,
    squaredWeight: a.squaredWeight + b.squaredWeight,
    maxError: Math.max(a.maxError, b.maxError),
    saturated: a.saturated + b.saturated,
  };
}

export function weightError(sums: ErrorSums): WeightError {
  const { squaredError, squaredWeight } = sums;
  return { ...sums, relativeError: squaredError === 0 ? 0 : Math.sqrt(squaredError / squaredWeight) };
}
