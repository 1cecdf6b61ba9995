"""Muon (Keller Jordan 2024): momentum, with each matrix's update made orthogonal by five Newton-Schulz steps."""

from collections import defaultdict

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonal(update: Tensor) -> Tensor:
    """Nearest semi-orthogonal matrices to update [N, R, C], roughly: singular values end between 0.7 and 1.2."""
    x = update.bfloat16()
    wide = x.shape[1] <= x.shape[2]
    x = x if wide else x.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x if wide else x.mT).to(update.dtype)


class Muon:
    """For parameters [.., R, C]; matrices of one shape are updated together."""

    def __init__(self, parameters: list[nn.Parameter], momentum: float = 0.95, weight_decay: float = 0.01):
        self.momentum, self.weight_decay = momentum, weight_decay
        self.groups: dict[tuple[int, int], list[nn.Parameter]] = defaultdict(list)
        for parameter in parameters:
            self.groups[tuple(parameter.shape[-2:])].append(parameter)
        self.buffers = {
            shape: torch.zeros(sum(p.numel() for p in group) // (shape[0] * shape[1]), *shape, device=group[0].device)
            for shape, group in self.groups.items()
        }

    @torch.no_grad()
    def step(self, rate: float) -> None:
        for shape, group in self.groups.items():
            grad = torch.cat([p.grad.view(-1, *shape) for p in group])
            buffer = self.buffers[shape]
            buffer.lerp_(grad, 1 - self.momentum)
            update = orthogonal(grad.lerp_(buffer, self.momentum))
            scale = rate * max(1.0, shape[1] / shape[0], shape[0] / shape[1]) ** 0.5
            start = 0
            for p in group:
                count = p.numel() // (shape[0] * shape[1])
                p.mul_(1 - rate * self.weight_decay)
                p.add_(update[start : start + count].view_as(p), alpha=-scale)
                p.grad = None
                start += count
