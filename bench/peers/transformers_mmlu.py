"""Multiple choice on transformers, one question at a time: MODEL QUESTIONS.jsonl THREADS DTYPE; see mmlu.ts.

A line of the questions is {"id", "prompt", "letters": {"A": token id}}. Prints {"id", "answer", "tokens"} for each and then
{"seconds"} of the questions without loading.
"""

import json
import sys
import time

import torch
import transformers

folder, questions, threads, dtype = sys.argv[1], sys.argv[2], int(sys.argv[3]), getattr(torch, sys.argv[4])
torch.set_num_threads(threads)
transformers.utils.logging.disable_progress_bar()
transformers.logging.set_verbosity_error()
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()

begin = time.perf_counter()
with open(questions, encoding="utf-8") as lines, torch.inference_mode():
    for question in map(json.loads, lines):
        ids = tokenizer(question["prompt"], return_tensors="pt").input_ids
        logits = model(ids, use_cache=False, logits_to_keep=1).logits[0, -1].float()
        answer = max(question["letters"], key=lambda letter: logits[question["letters"][letter]].item())
        print(json.dumps({"id": question["id"], "answer": answer, "tokens": ids.shape[1]}))
print(json.dumps({"seconds": time.perf_counter() - begin}))
