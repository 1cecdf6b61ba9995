#!/usr/bin/env bash
# Proves and measures the engine on this machine's NVIDIA GPU: builds, compares, shuffles, sanitizes, times. Needs cmake, g++ and nvcc;
# compute-sanitizer, PyTorch with transformers, and Node.js are used where they are. No network.
#
#   native/check/gpu-check.sh [--plans FOLDER] [--out FOLDER] [--build FOLDER] [--minutes N] [--at-most SECONDS] [--only STAGE,..]
#
#   --plans    what `npm run gpu:plans` wrote; default native/build-plans, made here where Node.js is
#   --out      where <gpu>.json and gpu-check.log go; default bench/results
#   --minutes  for everything, the build included; default 8
#   --at-most  seconds for any one stage, where its own limit is longer
#   --only     of the stages, in this order: build wgmma-attention joined ops oracles invariance limits products v2-lite-bf16
#              v2-lite-fp8-bf16 v2-lite-fp8 memcheck racecheck transformers evalrun llama-1b-bf16 v3-layers-fp8-bf16 v3-layers-fp8; on
#              compute capability 9.0, and without a say in the exit code, what is not so by default: with EVALRUN_CUDA_WGMMA_ATTENTION=0
#              v2-lite-bf16-mma-attention, with EVALRUN_CUDA_JOIN=0 v2-lite-bf16-apart, decoding with longer splits of keys
#              v2-lite-bf16-split-4, with EVALRUN_CUDA_WGMMA=1, everything by wgmma, oracles-wgmma invariance-wgmma, and under the
#              sanitizer, which knows wgmma less well than the rest, memcheck-wgmma racecheck-wgmma
#
# Every stage has a time limit, and one that fails does not stop the others; what could hang them all is tried first, and switched off for
# them if it does. Exit: 0 everything that was checked is right, 1 it is not, 3 this machine cannot.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
plans=$root/native/build-plans out=$root/bench/results build=$root/native/build-gpu-check minutes=8 only= at_most=600
while [ $# -gt 0 ]; do
  case $1 in
    --plans | --out | --build | --minutes | --at-most | --only)
      [ $# -ge 2 ] || { echo "$1 needs a value" >&2; exit 3; }
      name=${1#--}; declare "${name//-/_}=$2"; shift 2 ;;
    *) echo "unknown option $1; see the top of $0" >&2; exit 3 ;;
  esac
done
case $minutes$at_most in '' | *[!0-9]*) echo "--minutes and --at-most are whole numbers: $minutes, $at_most" >&2; exit 3 ;; esac
cannot() { echo "gpu-check cannot run here: $1" >&2; exit 3; }

begin=$(date +%s)
left() { echo $((begin + 60 * minutes - $(date +%s))); }

command -v nvidia-smi >/dev/null || cannot "there is no NVIDIA driver (no nvidia-smi on the PATH)"
gpu=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>&1 | head -1) && nvidia-smi -L >/dev/null 2>&1 || cannot "the driver finds no GPU: $gpu"
capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -1 | tr -d '. ')
case $capability in '' | *[!0-9]*) cannot "the driver does not say the GPU's compute capability: $capability" ;; esac
[ "$capability" -ge 80 ] || cannot "the engine needs compute capability 8.0 or newer, and $gpu has $capability"
# Instructions of Hopper alone are in the "a" variant.
arch=$capability; [ "$capability" -eq 90 ] && arch=90a
[ -x "${CUDACXX:-}" ] || command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ] || cannot "there is no nvcc (looked in CUDACXX, on the PATH and in /usr/local/cuda/bin)"
command -v cmake >/dev/null || cannot "there is no cmake"
export PATH=$PATH:/usr/local/cuda/bin
if [ ! -d "$plans/oracles" ]; then
  command -v node >/dev/null && [ -f "$root/dist/bench/gpu/write-plans.js" ] && node "$root/dist/bench/gpu/write-plans.js" "$plans" ||
    cannot "there are no plans in $plans: run 'npm run gpu:plans' where Node.js is, and carry the folder here"
fi

mkdir -p "$out" "$build" || cannot "$out or $build cannot be made"
work=$(mktemp -d) || cannot "no temporary folder"
trap 'rm -rf "$work"' EXIT
log=$out/gpu-check.log
: >"$log"
check=$build/evalrun_gpu_check
names=() states=() times=() reasons=()
wrong=0

# stage NAME KIND LIMIT COMMAND...: KIND `proof` has to pass, `figure` may run out of time but not fail, `aside` decides nothing. State
# is then passed, skipped, timeout or failed, and empty where the stage was not asked for.
stage() {
  local name=$1 kind=$2 limit=$3 seconds status why
  shift 3
  state=
  case ",$only," in ,, | *",$name,"*) ;; *) return ;; esac
  [ "$limit" -le "$at_most" ] || limit=$at_most
  [ "$limit" -le "$(left)" ] || limit=$(left)
  echo "== $name" | tee -a "$log"
  local start=$(date +%s)
  if [ "$limit" -lt 5 ]; then
    state=skipped why="no time was left"
    # A proof that was not made is not a pass.
    [ "$kind" = proof ] && wrong=1
  else
    timeout -k 5 "$limit" "$@" >"$work/$name.log" 2>&1
    status=$? state=passed why=
    case $status in
      0) ;;
      77) state=skipped why=$(tail -1 "$work/$name.log") ;;
      124 | 137) state=timeout why="stopped after $limit s" ;;
      *) state=failed why="exit $status: $(grep -v '^ *$' "$work/$name.log" | tail -1 | cut -c1-160)" ;;
    esac
    case $kind-$state in proof-timeout | proof-failed | figure-failed) wrong=1 ;; esac
    cat "$work/$name.log" >>"$log"
  fi
  seconds=$(($(date +%s) - start))
  names+=("$name") states+=("$state") times+=("$seconds") reasons+=("$why")
  echo "   $state, $seconds s${why:+: $why}"
}

build_all() {
  cmake -S "$root/native" -B "$build" -DCMAKE_BUILD_TYPE=Release -DEVALRUN_ADDON=OFF -DEVALRUN_CUDA=1 -DEVALRUN_CUDA_ARCH="$arch" &&
    cmake --build "$build" --parallel "$(nproc)" --target evalrun_gpu_check evalrun_cuda_test
}
sanitized() {
  command -v compute-sanitizer >/dev/null || { echo "there is no compute-sanitizer"; return 77; }
  # One dense and one latent model, through prompts, chunks and decoding, is every kernel once.
  compute-sanitizer --tool "$1" --error-exitcode 9 "$check" oracles "$plans/oracles" --only llama,deepseek-v3 --dtypes "$2" --max-tokens 7
}
peer() {
  python3 -c 'import torch, transformers; assert torch.cuda.is_available()' 2>/dev/null || { echo "there is no PyTorch with CUDA and transformers"; return 77; }
  python3 "$root/native/check/transformers_peer.py" --json "$work/transformers.json"
}
suites() {
  command -v node >/dev/null && [ -f "$root/dist/cli/main.js" ] && [ -f "$root/native/build/evalrun.node" ] || { echo "there is no built evalrun (npm ci)"; return 77; }
  grep -q '"compiled": true' "$root/native/build/cuda.json" 2>/dev/null || { echo "evalrun is built without CUDA here (npm run build:native)"; return 77; }
  node "$root/dist/cli/main.js" --suite mmlu,bilingual --device cuda --limit 40 --out "$work/runs" --json
}
products() {
  # PyTorch brings cuBLASLt where CUDA's own libraries are not installed.
  [ -n "${EVALRUN_CUBLASLT:-}" ] || EVALRUN_CUBLASLT=$(python3 -c 'if True:
    import glob, importlib.util
    spec = importlib.util.find_spec("nvidia")
    found = [f for p in (spec.submodule_search_locations if spec else []) for f in glob.glob(p + "/*/lib/libcublasLt.so.1?")]
    print(found[0] if found else "")' 2>/dev/null)
  export EVALRUN_CUBLASLT
  "$check" products --json "$work/products.json"
}
copy_rate() { sed -n 's/.*"copy, GB\/s".*"median": \([0-9.e+]*\).*/\1/p' "$work/limits.json" 2>/dev/null; }
shape() {
  local rate; rate=$(copy_rate)
  "$check" bench "$plans/shapes/$1.plan" --copy-gbs "${rate:-0}" --json "$work/$1${2:-}.json" "${@:3}"
}
unset EVALRUN_CUDA_WGMMA EVALRUN_CUDA_WGMMA_ATTENTION EVALRUN_CUDA_JOIN
# switch_off VARIABLE: everything that follows goes without it, where the stage before did not pass.
switch_off() {
  case $state in timeout | failed) export "$1=0"; echo "   from here on with $1=0" | tee -a "$log" ;; esac
}
export -f build_all sanitized peer suites products copy_rate shape
export root build arch plans check work

stage build proof 240 bash -c build_all
[ -x "$check" ] || { echo "the check was not built; see $log" >&2; tail -30 "$work/build.log" >&2; exit 1; }
"$check" devices || exit 3
if [ "$capability" -eq 90 ]; then
  stage wgmma-attention proof 20 "$build/evalrun_cuda_test" "wgmma is taken where"
  switch_off EVALRUN_CUDA_WGMMA_ATTENTION
fi
stage joined proof 30 "$build/evalrun_cuda_test" "cuda joined" "cuda norm_route" "cuda route_bucket" "cuda attend_latent" "cuda store_keys"
switch_off EVALRUN_CUDA_JOIN
stage ops proof 90 "$build/evalrun_cuda_test"
stage oracles proof 120 "$check" oracles "$plans/oracles" --json "$work/oracles.json"
# Every kind of attention, routing and storage once: an arrangement is thousands of small steps.
stage invariance proof 100 "$check" invariance "$plans/oracles" --json "$work/invariance.json" \
  --only deepseek-v2,deepseek-v3,deepseek-v3-mtp,deepseek-v3-fp8,llama,mistral,qwen3-moe
stage limits figure 40 "$check" limits --json "$work/limits.json"
stage products figure 40 bash -c products
stage v2-lite-bf16 figure 75 bash -c 'shape v2-lite-bf16 "" --kernels 1'
stage v2-lite-fp8-bf16 figure 60 bash -c 'shape v2-lite-fp8-bf16 "" --kernels 1'
stage v2-lite-fp8 figure 60 bash -c 'shape v2-lite-fp8 "" --kernels 1'
stage memcheck proof 50 env EVALRUN_CUDA_WGMMA_ATTENTION=0 bash -c 'sanitized memcheck bf16,fp8'
stage racecheck proof 50 env EVALRUN_CUDA_WGMMA_ATTENTION=0 bash -c 'sanitized racecheck bf16'
stage transformers aside 75 bash -c peer
stage evalrun proof 60 bash -c suites
# Off by default, so a failure here is told in the table but spoils nothing that is on.
if [ "$capability" -eq 90 ]; then
  stage v2-lite-bf16-mma-attention aside 75 env EVALRUN_CUDA_WGMMA_ATTENTION=0 bash -c 'shape v2-lite-bf16 -mma-attention'
  stage v2-lite-bf16-apart aside 60 env EVALRUN_CUDA_JOIN=0 bash -c 'shape v2-lite-bf16 -apart'
  stage v2-lite-bf16-split-4 aside 40 bash -c 'shape v2-lite-bf16 -split-4 --split-pages 4 --measure decoding'
  stage oracles-wgmma aside 60 env EVALRUN_CUDA_WGMMA=1 "$check" oracles "$plans/oracles" --dtypes bf16,fp8 --json "$work/oracles-wgmma.json"
  stage invariance-wgmma aside 60 env EVALRUN_CUDA_WGMMA=1 "$check" invariance "$plans/oracles" --dtypes bf16,fp8 --json "$work/invariance-wgmma.json"
fi
stage llama-1b-bf16 figure 30 bash -c 'shape llama-1b-bf16'
stage v3-layers-fp8-bf16 figure 90 bash -c 'shape v3-layers-fp8-bf16'
stage v3-layers-fp8 figure 90 bash -c 'shape v3-layers-fp8'
if [ "$capability" -eq 90 ]; then
  stage memcheck-wgmma aside 50 bash -c 'sanitized memcheck bf16,fp8-bf16'
  stage racecheck-wgmma aside 50 bash -c 'sanitized racecheck bf16,fp8-bf16'
fi

# One file: what was run, and every record of every stage.
result=$out/$(echo "$gpu" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9-').json
quote() { printf '"%s"' "$(printf %s "$1" | tr -d '\000-\037' | sed 's/[\\"]/\\&/g')"; }
{
  printf '{"schema": 1, "gpu": %s, "computeCapability": %s, "created": "%s",\n' "$(quote "$gpu")" "$capability" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  printf ' "driver": %s, "nvcc": %s, "commit": %s, "seconds": %s,\n "stages": [' \
    "$(quote "$(nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -1)")" \
    "$(quote "$(nvcc --version 2>/dev/null | sed -n 's/.*release \([0-9.]*\).*/\1/p')")" \
    "$(quote "$(git -C "$root" describe --always --dirty --exclude "*" 2>/dev/null)")" $(($(date +%s) - begin))
  for i in "${!names[@]}"; do
    [ "$i" -gt 0 ] && printf ','
    printf '\n  {"name": "%s", "status": "%s", "seconds": %s, "reason": %s}' "${names[$i]}" "${states[$i]}" "${times[$i]}" "$(quote "${reasons[$i]}")"
  done
  printf '\n ],\n "records": {'
  comma=
  for file in "$work"/*.json; do
    [ -f "$file" ] || continue
    printf '%s\n  "%s": ' "$comma" "$(basename "$file" .json)"
    cat "$file"
    comma=,
  done
  printf '}}\n'
} >"$result"

echo
for name in limits v2-lite-bf16 v2-lite-bf16-mma-attention v2-lite-bf16-apart v2-lite-bf16-split-4 v2-lite-fp8-bf16 v2-lite-fp8 llama-1b-bf16 v3-layers-fp8-bf16 v3-layers-fp8 transformers; do
  [ -f "$work/$name.log" ] && { echo "-- $name"; cat "$work/$name.log"; }
done
for name in oracles invariance oracles-wgmma invariance-wgmma; do
  [ -f "$work/$name.log" ] && grep -E ' NO *$' "$work/$name.log" | sed "s/^/$name: /"
done
printf '\n%-26s %-8s %8s  %s\n' stage status seconds reason
for i in "${!names[@]}"; do printf '%-26s %-8s %8s  %s\n' "${names[$i]}" "${states[$i]}" "${times[$i]}" "${reasons[$i]}"; done
printf '\n%s, %s s in all; %s and %s\n' "$gpu" $(($(date +%s) - begin)) "$result" "$log"
if [ $wrong -eq 0 ]; then echo "everything that was checked is right"; else echo "NOT everything is right: see the table"; fi
exit $wrong
