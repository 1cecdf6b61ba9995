#!/usr/bin/env bash
# Eight shards of a run as a Slurm job array; a second job merges them:
#
#   export MODEL=/models/DeepSeek-V2-Lite OUT=/scratch/mmlu
#   job=$(sbatch --parsable docs/clusters/slurm-array.sh)
#   sbatch --dependency="afterok:$job" --kill-on-invalid-dep=yes --wrap "evalrun merge $OUT/shard-*/*/ --out $OUT/merged"
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

# A requeued task finds the run that it began. evalrun takes the shell's place, so that a preemption's SIGTERM reaches it: it ends
# with what it has and gives the run free. One that was killed on a node that is gone cannot; Slurm never runs two attempts at once.
run=$(find "$shard" -mindepth 2 -maxdepth 2 -name run.json -printf '%h\n' | head -n 1)
if [ -n "$run" ]; then
  if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then rm -f "$run/lock" "$run/lock.takeover"; fi
  exec evalrun --resume "$run" --threads "$SLURM_CPUS_PER_TASK" --quiet
fi
exec evalrun --suite "$SUITES" --model "$MODEL" --shard auto --threads "$SLURM_CPUS_PER_TASK" --out "$shard" --quiet
