"""Writes (and reads) the trained weights in DeepSeek-V3's published layout: BF16, the selection bias in F32, copies in the MTP layer."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from config import config_json, generation_config_json
from model import Block, MoE, Nano


def layer_prefixes(model: Nano) -> dict[str, Block]:
    """Every decoder block by its published prefix, the MTP module's last."""
    blocks = [*model.blocks, model.mtp.block]
    return {f"model.layers.{index}": block for index, block in enumerate(blocks)}


def moe_prefixes(model: Nano) -> list[str]:
    return [f"{prefix}.mlp" for prefix, block in layer_prefixes(model).items() if isinstance(block.mlp, MoE)]


def parameters_by_name(model: Nano) -> dict[str, nn.Parameter]:
    """Published names of all parameters but the routed experts, which are kept stacked here and apart in the file."""
    mtp = f"model.layers.{len(model.blocks)}"
    named = {
        "model.embed_tokens.weight": model.embed.weight,
        "model.norm.weight": model.norm.weight,
        "lm_head.weight": model.head.weight,
        f"{mtp}.enorm.weight": model.mtp.enorm.weight,
        f"{mtp}.hnorm.weight": model.mtp.hnorm.weight,
        f"{mtp}.eh_proj.weight": model.mtp.eh_proj.weight,
        f"{mtp}.shared_head.norm.weight": model.mtp.norm.weight,
    }
    for prefix, block in layer_prefixes(model).items():
        for name, parameter in block.named_parameters():
            if parameter.ndim < 3:
                named[f"{prefix}.{name}" + (".weight" if name == "mlp.gate" else "")] = parameter
    return named


def published_tensors(model: Nano) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = dict(parameters_by_name(model))
    for layer, prefix in zip(model.moe_layers(), moe_prefixes(model)):
        tensors[f"{prefix}.gate.e_score_correction_bias"] = layer.bias
        for expert in range(len(layer.bias)):
            for part in ("gate_proj", "up_proj", "down_proj"):
                tensors[f"{prefix}.experts.{expert}.{part}.weight"] = getattr(layer, part)[expert].T
    mtp = f"model.layers.{len(model.blocks)}"
    tensors[f"{mtp}.embed_tokens.weight"] = model.embed.weight
    tensors[f"{mtp}.shared_head.head.weight"] = model.head.weight
    return {
        name: tensor.detach().to(torch.float32 if name.endswith("bias") else torch.bfloat16).contiguous().clone()
        for name, tensor in sorted(tensors.items())
    }


def export(model: Nano, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_file(published_tensors(model), folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(config_json(), encoding="utf-8")
    (folder / "generation_config.json").write_text(generation_config_json(), encoding="utf-8")


def load_published(folder: Path) -> Nano:
    """The model of an exported checkpoint, its weights as stored."""
    stored = load_file(folder / "model.safetensors")
    model = Nano()
    for name, parameter in parameters_by_name(model).items():
        parameter.data.copy_(stored[name].float())
    for layer, prefix in zip(model.moe_layers(), moe_prefixes(model)):
        layer.bias.copy_(stored[f"{prefix}.gate.e_score_correction_bias"])
        for part in ("gate_proj", "up_proj", "down_proj"):
            experts = [stored[f"{prefix}.experts.{expert}.{part}.weight"].float().T for expert in range(len(layer.bias))]
            getattr(layer, part).data.copy_(torch.stack(experts))
    return model
