"""Draws the curves of a training log.

    python plot_training.py training.jsonl training.png
"""

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def main() -> None:
    log = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    tokens = [record["tokens"] / 1e6 for record in log]
    figure, axes = plt.subplots(2, 2, figsize=(11, 7), constrained_layout=True)
    loss, accuracy, load, drafts = axes.flat
    for key, name in (("written_loss", "solutions, code, prose"), ("letter_loss", "answer letters"), ("draft_loss", "drafts (MTP)")):
        loss.plot(tokens, [record[key] for record in log], label=name)
    loss.set(title="Loss", ylabel="nats per token", ylim=(0, 3))
    for key, name in (("letter_accuracy", "answer letters"), ("words_accuracy", "answers in words"), ("verdict_accuracy", "verdicts")):
        accuracy.plot(tokens, [record[key] for record in log], label=name)
    accuracy.axhline(0.25, color="gray", linestyle=":", label="letters by chance")
    accuracy.set(title="Accuracy on new questions of the corpus", ylabel="share right", ylim=(0, 1.02))
    layers = len(log[0]["max_over_mean_load"])
    for layer in range(layers):
        name = "MTP" if layer == layers - 1 else f"layer {layer + 1}"
        load.plot(tokens, [record["max_over_mean_load"][layer] for record in log], label=name)
    load.axhline(1.5, color="gray", linestyle=":")
    load.set(title="Load of the fullest expert over the mean", ylim=(1, 3))
    drafts.plot(tokens, [record["draft_accuracy"] for record in log], label="draft = next-but-one token of the text")
    drafts.set(title="MTP: drafts that are right, on solutions, code and prose", ylim=(0, 1.02))
    for axis in axes.flat:
        axis.set_xlabel("million tokens")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    figure.savefig(sys.argv[2], dpi=90)


if __name__ == "__main__":
    main()
