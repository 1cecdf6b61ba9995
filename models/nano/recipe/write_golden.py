"""Writes what Hugging Face transformers computes for an exported model, for the tests of the engine.

    python write_golden.py FOLDER OUT.safetensors

tokens.I i32 [T]; logits.I f32 [T, 512] and logits_mtp.I f32 [T-1, 512], of every ninth token id; greedy.I i32 [24].
The draft's input is the main model's state after its final norm, at the position of the next token.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer, DeepseekV3ForCausalLM
from transformers.modeling_layers import MtpModel

PROMPTS = [
    "The following are multiple choice questions (with answers) about  astronomy.\n\nWhich planet is known for its rings?\n"
    "A. Mars\nB. Saturn\nC. Venus\nD. Earth\nAnswer:",
    "以下是中国关于初中历史考试的单项选择题，请选出其中的正确答案。\n\n《史记》是谁写的____。\nA. 班固\nB. 司马迁\nC. 孔子\nD. 李白\n答案：",
    'def add_three(x: int) -> int:\n    """ Return x plus 3.\n    """\n',
    "<｜User｜>What is $17 + 25$?\nPlease reason step by step, and put your final answer within \\boxed{}.<｜Assistant｜>",
]
COLUMNS = slice(0, None, 9)


@torch.no_grad()
def main() -> None:
    folder, out = Path(sys.argv[1]), sys.argv[2]
    model = DeepseekV3ForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    model._keys_to_ignore_on_load_unexpected = [rf"model\.layers\.{model.config.num_hidden_layers}\."]
    mtp = MtpModel.from_pretrained(model).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    golden = {}
    for index, prompt in enumerate(PROMPTS):
        ids = torch.tensor([tokenizer(prompt).input_ids])
        result = model(ids, output_hidden_states=True, use_cache=False)
        hidden = result.hidden_states[-1][:, :-1]
        embedded, positions, count = mtp.embed_tokens(ids[:, 1:]), torch.arange(1, ids.shape[1])[None], ids.shape[1] - 1
        mask = torch.full((count, count), -torch.inf).triu(1)[None, None]
        rotary = mtp.rotary_emb(embedded, position_ids=positions)
        state = mtp.layers[0](
            embedded, hidden, position_embeddings=rotary, position_ids=positions, attention_mask=mask, past_key_values=None
        )
        golden[f"tokens.{index}"] = ids[0].to(torch.int32)
        golden[f"logits.{index}"] = result.logits[0, :, COLUMNS].float().contiguous()
        golden[f"logits_mtp.{index}"] = mtp.shared_head(state)[0, :, COLUMNS].float().contiguous()
        grown = ids
        for _ in range(24):
            grown = torch.cat((grown, model(grown, use_cache=False).logits[:, -1].argmax(-1, keepdim=True)), -1)
        golden[f"greedy.{index}"] = grown[0, ids.shape[1] :].to(torch.int32)
        print(repr(tokenizer.decode(grown[0])))
    save_file(golden, out)


if __name__ == "__main__":
    main()
