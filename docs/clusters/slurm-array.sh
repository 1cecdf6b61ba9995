#!/usr/bin/env bash
# Eight shards of a run as a Slurm job array; a second job merges them:
#
#   export MODEL=/models/DeepSeek-V2-Lite OUT=/scratch/mmlu
#   job=$(sbatch --parsable docs/clusters/slurm-array.sh)
#   sbatch --dependency="afterok:$job" --wrap "evalrun merge $OUT/shard-*/*/ --out $OUT/merged"
#
# Submitting it again goes on where killed shards stopped; finished shards end at once.
#SBATCH --job-name=evalrun
#SBATCH --array=1-8
#SBATCH --cpus-per-task=16
#SBATCH --mem=64G
#SBATCH --time=04:00:00
#SBATCH --requeue
set -euo pipefail

: "${MODEL:?the checkpoint folder}" "${OUT:?a folder that all nodes see}"
SUITES=${SUITES:-mmlu,ceval,cmmlu}
shard="$OUT/shard-$SLURM_ARRAY_TASK_ID"
mkdir -p "$shard"

# A requeued task finds the run that it began.
run=$(find "$shard" -mindepth 2 -maxdepth 2 -name run.json -printf '%h\n' | head -n 1)
if [ -n "$run" ]; then
  evalrun --resume "$run" --threads "$SLURM_CPUS_PER_TASK" --quiet
else
  evalrun --suite "$SUITES" --model "$MODEL" --shard auto --threads "$SLURM_CPUS_PER_TASK" --out "$shard" --quiet
fi
