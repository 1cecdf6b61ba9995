"""DeepSeek-V3's forward pass for training: MLA, DeepSeekMoE with a selection bias, one multi-token-prediction module."""

from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from config import CONFIG

Shape = SimpleNamespace(**CONFIG)
NORM_EPS = 1e-6
# A direction that all embeddings share at the start.
COMMON = torch.randn(Shape.hidden_size, generator=torch.Generator().manual_seed(1))


class RmsNorm(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x.float(), (x.shape[-1],), self.weight, NORM_EPS)


def linear(inputs: int, outputs: int, scale: float = 1.0) -> nn.Linear:
    layer = nn.Linear(inputs, outputs, bias=False)
    nn.init.normal_(layer.weight, std=scale * inputs**-0.5)
    return layer


def rotary_tables(length: int, dim: int) -> tuple[Tensor, Tensor]:
    """cos and sin, each [length, dim / 2]."""
    frequency = Shape.rope_theta ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency
    return angle.cos().float(), angle.sin().float()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates neighbouring pairs of the last dimension of x [B, H, T, dim] (the interleaved layout of the checkpoint)."""
    even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def causal_attention(query: Tensor, key: Tensor, value: Tensor, block: int = 128) -> Tensor:
    """Softmax attention of [B * H, T, dim], a block of queries at a time against the keys up to its end.

    Plain products in bfloat16: on a CPU with bfloat16 instructions twice as fast as the fused kernel at these widths.
    """
    length = query.shape[1]
    query = query * query.shape[-1] ** -0.5
    future = torch.full((block, block), -torch.inf, dtype=query.dtype, device=query.device).triu(1)
    out = []
    for start in range(0, length, block):
        end = min(start + block, length)
        score = torch.bmm(query[:, start:end], key[:, :end].transpose(1, 2))
        score[:, :, start:] += future[: end - start, : end - start]
        out.append(torch.bmm(score.softmax(-1), value[:, :end]))
    return torch.cat(out, 1)


class Attention(nn.Module):
    """Multi-head Latent Attention in its expanded form."""

    def __init__(self):
        super().__init__()
        s = Shape
        self.query_head = s.qk_nope_head_dim + s.qk_rope_head_dim
        self.q_a_proj = linear(s.hidden_size, s.q_lora_rank)
        self.q_a_layernorm = RmsNorm(s.q_lora_rank)
        self.q_b_proj = linear(s.q_lora_rank, s.num_attention_heads * self.query_head)
        self.kv_a_proj_with_mqa = linear(s.hidden_size, s.kv_lora_rank + s.qk_rope_head_dim)
        self.kv_a_layernorm = RmsNorm(s.kv_lora_rank)
        self.kv_b_proj = linear(s.kv_lora_rank, s.num_attention_heads * (s.qk_nope_head_dim + s.v_head_dim))
        self.o_proj = linear(s.num_attention_heads * s.v_head_dim, s.hidden_size, scale=0.3)

        self.start_heads()

    @torch.no_grad()
    def start_heads(self) -> None:
        """Heads start as what every in-context skill is built of: two look for equal content, two look 1 and 2 tokens back.

        From random heads the letters of multiple-choice answers stay at chance for most of a short training.
        (Equal query and key projections: Trockman and Kolter 2023, "Mimetic Initialization of Self-Attention Layers".)
        """
        s = Shape
        self.q_a_proj.weight.copy_(self.kv_a_proj_with_mqa.weight[: s.kv_lora_rank])
        query = self.q_b_proj.weight.view(s.num_attention_heads, self.query_head, -1)
        expanded = self.kv_b_proj.weight.view(s.num_attention_heads, s.qk_nope_head_dim + s.v_head_dim, -1)
        for head in range(0, s.num_attention_heads, 2):
            query[head, : s.qk_nope_head_dim] = 1.5 * expanded[head, : s.qk_nope_head_dim]
            query[head, s.qk_nope_head_dim :] *= 0.1
        # What a head reads it writes back as it was, so that a later layer's matching heads find it.
        value = expanded[:, s.qk_nope_head_dim :].flatten(0, 1) @ self.kv_a_proj_with_mqa.weight[: s.kv_lora_rank]
        self.o_proj.weight.copy_(0.3 * F.normalize(value, dim=1).T)
        # The embeddings' common direction (see Nano) carries the positional heads.
        common = COMMON / COMMON.norm()
        latent = F.normalize(self.q_a_proj.weight @ common, dim=0)
        pairs = torch.ones(s.qk_rope_head_dim // 2)
        self.kv_a_proj_with_mqa.weight[s.kv_lora_rank :] *= 0.1
        self.kv_a_proj_with_mqa.weight[s.kv_lora_rank :: 2] += 0.35 * common
        for back, head in enumerate(range(1, s.num_attention_heads, 2), start=1):
            cos, sin = rotary_tables(back + 1, s.qk_rope_head_dim)
            turned = torch.stack((pairs * cos[back], -pairs * sin[back]), -1).flatten()
            query[head] *= 0.1
            query[head, s.qk_nope_head_dim :] += 0.7 * turned[:, None] * latent

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        s, (batch, length, _) = Shape, x.shape
        heads = s.num_attention_heads
        q = self.q_b_proj(self.q_a_layernorm(self.q_a_proj(x))).view(batch, length, heads, -1).transpose(1, 2)
        q_nope, q_rope = q.split((s.qk_nope_head_dim, s.qk_rope_head_dim), -1)
        latent, k_rope = self.kv_a_proj_with_mqa(x).split((s.kv_lora_rank, s.qk_rope_head_dim), -1)
        expanded = self.kv_b_proj(self.kv_a_layernorm(latent)).view(batch, length, heads, -1).transpose(1, 2)
        k_nope, value = expanded.split((s.qk_nope_head_dim, s.v_head_dim), -1)
        k_rope = rotate(k_rope[:, None], cos, sin).to(k_nope.dtype).expand(-1, heads, -1, -1)
        query = torch.cat((q_nope, rotate(q_rope, cos, sin).to(q_nope.dtype)), -1)
        key = torch.cat((k_nope, k_rope), -1)
        out = causal_attention(query.flatten(0, 1), key.flatten(0, 1), value.flatten(0, 1))
        out = out.view(batch, heads, length, -1)
        return self.o_proj(out.transpose(1, 2).reshape(batch, length, -1))


class Mlp(nn.Module):
    def __init__(self, inner: int):
        super().__init__()
        self.gate_proj = linear(Shape.hidden_size, inner)
        self.up_proj = linear(Shape.hidden_size, inner)
        self.down_proj = linear(inner, Shape.hidden_size, scale=0.3)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Dispatch(torch.autograd.Function):
    """rows[slot] = x[token]: each token to its K slots. Backward gathers, where autograd's own would scatter-add."""

    @staticmethod
    def forward(ctx, x: Tensor, slot: Tensor, slots: int) -> Tensor:
        ctx.save_for_backward(slot)
        out = x.new_zeros(slots, x.shape[1])
        out[slot.flatten()] = x.repeat_interleave(slot.shape[1], 0)
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        (slot,) = ctx.saved_tensors
        return grad[slot.flatten()].view(*slot.shape, -1).sum(1), None, None


class Collect(torch.autograd.Function):
    """x[t, k] = rows[slot[t, k]]; no slot is named twice."""

    @staticmethod
    def forward(ctx, rows: Tensor, slot: Tensor) -> Tensor:
        ctx.save_for_backward(slot)
        ctx.slots = rows.shape[0]
        return rows[slot.flatten()].view(*slot.shape, -1)

    @staticmethod
    def backward(ctx, grad: Tensor):
        (slot,) = ctx.saved_tensors
        out = grad.new_zeros(ctx.slots, grad.shape[-1])
        out[slot.flatten()] = grad.flatten(0, 1)
        return out, None


class MoE(nn.Module):
    """Sigmoid gate, groups, a bias that only selects, routed experts as one batched product, a shared expert."""

    def __init__(self):
        super().__init__()
        s = Shape
        self.gate = nn.Parameter(torch.randn(s.n_routed_experts, s.hidden_size) * s.hidden_size**-0.5)
        self.register_buffer("bias", torch.zeros(s.n_routed_experts))
        shape = (s.n_routed_experts, s.hidden_size, s.moe_intermediate_size)
        self.gate_proj = nn.Parameter(torch.randn(shape) * s.hidden_size**-0.5)
        self.up_proj = nn.Parameter(torch.randn(shape) * s.hidden_size**-0.5)
        self.down_proj = nn.Parameter(torch.randn(shape[0], shape[2], shape[1]) * 0.3 * s.moe_intermediate_size**-0.5)
        self.shared_experts = Mlp(s.moe_intermediate_size * s.n_shared_experts)
        self.load = torch.zeros(s.n_routed_experts)
        self.balance_loss = torch.zeros(())

    def forward(self, x: Tensor) -> Tensor:
        s, (batch, length, width) = Shape, x.shape
        flat = x.reshape(-1, width)
        with torch.autocast(x.device.type, enabled=False):
            score = (flat.float() @ self.gate.T).sigmoid()
            index = self.select(score.detach())
            weight = score.gather(1, index)
            weight = weight / (weight.sum(1, keepdim=True) + 1e-20) * s.routed_scaling_factor
            self.count(score, index, batch)
        routed = self.experts(flat, index)
        out = (routed.float() * weight[..., None]).sum(1)
        return (out + self.shared_experts(flat)).view(batch, length, width)

    def select(self, score: Tensor) -> Tensor:
        """Ids [T, K] of the chosen experts."""
        s = Shape
        biased = score + self.bias
        groups = biased.view(len(score), s.n_group, -1)
        best = groups.topk(2, -1).values.sum(-1).topk(s.topk_group, -1).indices
        keep = torch.zeros_like(groups[..., 0], dtype=torch.bool).scatter_(1, best, True)
        masked = groups.masked_fill(~keep[..., None], -torch.inf).flatten(1)
        return masked.topk(s.num_experts_per_tok, -1).indices

    def count(self, score: Tensor, index: Tensor, batch: int) -> None:
        """Keeps the load, and the sequence-wise balance term of DeepSeek-V3 (arXiv 2412.19437, equations 17 to 20)."""
        s = Shape
        chosen = torch.zeros_like(score).scatter_(1, index, 1.0).view(batch, -1, s.n_routed_experts)
        self.load = chosen.sum((0, 1))
        share = chosen.mean(1) * (s.n_routed_experts / s.num_experts_per_tok)
        normal = (score / score.sum(1, keepdim=True)).view(batch, -1, s.n_routed_experts).mean(1)
        self.balance_loss = (share * normal).sum(1).mean()

    def experts(self, flat: Tensor, index: Tensor) -> Tensor:
        """Outputs [T, K, D] of each token's experts; every expert's rows are padded to the fullest one's count."""
        s = Shape
        flat_index = index.flatten()
        order = flat_index.argsort(stable=True)
        counts = flat_index.bincount(minlength=s.n_routed_experts)
        room = int(counts.max())
        starts = counts.cumsum(0) - counts
        slot = torch.empty_like(flat_index)
        sorted_ids = flat_index[order]
        slot[order] = sorted_ids * room + torch.arange(len(order), device=order.device) - starts[sorted_ids]
        slot = slot.view(index.shape)
        rows = Dispatch.apply(flat.to(torch.bfloat16), slot, room * s.n_routed_experts)
        rows = rows.view(s.n_routed_experts, room, -1)
        hidden = F.silu(torch.bmm(rows, self.gate_proj)) * torch.bmm(rows, self.up_proj)
        return Collect.apply(torch.bmm(hidden, self.down_proj).flatten(0, 1), slot)


class Block(nn.Module):
    def __init__(self, moe: bool):
        super().__init__()
        self.input_layernorm = RmsNorm(Shape.hidden_size)
        self.self_attn = Attention()
        self.post_attention_layernorm = RmsNorm(Shape.hidden_size)
        self.mlp = MoE() if moe else Mlp(Shape.intermediate_size)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class NextTokenModule(nn.Module):
    """Predicts token i+2 from the main model's normed state at i and the embedding of token i+1."""

    def __init__(self):
        super().__init__()
        width = Shape.hidden_size
        self.enorm, self.hnorm = RmsNorm(width), RmsNorm(width)
        self.eh_proj = linear(2 * width, width)
        self.block = Block(moe=True)
        self.norm = RmsNorm(width)

    def forward(self, embedded: Tensor, hidden: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = self.eh_proj(torch.cat((self.enorm(embedded), self.hnorm(hidden)), -1))
        return self.norm(self.block(x.float(), cos, sin))


class Nano(nn.Module):
    def __init__(self):
        super().__init__()
        s = Shape
        self.embed = nn.Embedding(s.vocab_size, s.hidden_size)
        nn.init.normal_(self.embed.weight, std=1.0)
        self.embed.weight.data += COMMON
        self.blocks = nn.ModuleList(Block(moe=i >= s.first_k_dense_replace) for i in range(s.num_hidden_layers))
        self.norm = RmsNorm(s.hidden_size)
        self.mtp = NextTokenModule()
        self.head = nn.Linear(s.hidden_size, s.vocab_size, bias=False)
        nn.init.normal_(self.head.weight, std=0.5 * s.hidden_size**-0.5)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """States before the head of ids [B, T]: the main model's [B, T, D] and the MTP module's [B, T-1, D]."""
        cos, sin = (table.to(ids.device) for table in rotary_tables(ids.shape[1], Shape.qk_rope_head_dim))
        embedded = self.embed(ids)
        x = embedded
        for block in self.blocks:
            x = block(x, cos, sin)
        hidden = self.norm(x)
        # Position ids of the next token, as the published module has them.
        drafted = self.mtp(embedded[:, 1:], hidden[:, :-1], cos[1:], sin[1:])
        return hidden, drafted

    def moe_layers(self) -> list[MoE]:
        """The main model's, then the MTP module's."""
        return [block.mlp for block in self.blocks if isinstance(block.mlp, MoE)] + [self.mtp.block.mlp]
