#!/usr/bin/env bash
# slow: scripts/convert_guided_diffusion.py: a .pt file of guided-diffusion's names becomes one that adm_unet loads, in the order
# that was said and in no other; files of another layout are refused in a sentence. Needs Python with PyTorch and safetensors.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
convert=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../scripts/convert_guided_diffusion.py
work_in "$2"
python3 -c 'import safetensors.torch, torch' 2>/dev/null || { echo "no Python with torch and safetensors here"; exit 77; }
failed=0
fail() { printf '%s\n' "$*"; cat output; failed=1; }

# Two levels, attention in the inner one, a step down and one up that are residual blocks: all that guided-diffusion names.
model='basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1, 2 }, blocks = 1, attention = { 4 }, head_channels = 32, classes = 3, learned_variance = true'
"$program" -e "local basin = require 'basin'; ($model }):save 'made.safetensors'" >output 2>&1 || fail "no weights were made"

# As guided-diffusion writes them, some in half precision; an optimizer's state; a dictionary within one; another network; text.
python3 - <<'PY' || fail "no .pt files were made"
import torch
from safetensors.torch import load_file

torch.manual_seed(0)
weights = {name: torch.randn_like(value) for name, value in load_file("made.safetensors").items()}
halves = {name: value.half() if name.startswith("middle_block") else value for name, value in weights.items()}
torch.save(halves, "ema.pt")
torch.save({"state": {}, "param_groups": []}, "opt.pt")
torch.save({"model": weights}, "nested.pt")
torch.save({"conv_in.weight": torch.ones(1), "conv_out.weight": torch.ones(1)}, "other.pt")
open("text.pt", "w").write("no weights")
torch.save(print, "code.pt")
PY

python3 "$convert" ema.pt out.safetensors --order legacy >output 2>&1 || fail "ema.pt was not converted"
options='in_channels = 3, channels = 32, learned_variance = true, blocks = 1, multipliers = { 1, 2 }, residual_resampling = true, scale_shift = true, classes = 3, order = "legacy"'
grep -qF "basin.model \"adm_unet\" { $options, " output || fail "the options are not adm_unet's"
python3 - >output 2>&1 <<'PY' || fail "names, values or metadata are wrong"
import torch
from safetensors import safe_open
from safetensors.torch import load_file

before, after = torch.load("ema.pt", weights_only=True), load_file("out.safetensors")
assert before.keys() == after.keys() and "middle_block.1.qkv.weight" in after, after.keys() ^ before.keys()
for name, value in before.items():
    assert after[name].dtype == torch.float32 and torch.equal(after[name], value.float()), name
with safe_open("out.safetensors", "pt") as file:
    assert file.metadata() == {"component": "adm_unet", "choice.order": "legacy", "choice.target": "epsilon"}, file.metadata()
PY
"$program" -e "local basin = require 'basin'; ($model, order = 'legacy' }):load 'out.safetensors'" >output 2>&1 || fail "adm_unet does not load it"
[[ -s output ]] && fail "loading it says something"
"$program" -e "local basin = require 'basin'; ($model, order = 'new' }):load 'out.safetensors'" >output 2>&1 && fail "the other order is loaded"
grep -qF "holds weights for order = \"legacy\", and the model was made with order = \"new\"" output || fail "the order is not said"

# refused FILE TEXT: one line, not a trace, and no file written.
refused() {
  rm -f none.safetensors
  python3 "$convert" "$1" none.safetensors --order new >output 2>&1 && fail "$1 was converted"
  [[ $(wc -l <output) -eq 1 && ! -e none.safetensors ]] && grep -qF "convert_guided_diffusion: '$1' $2" output || fail "$1: not '$2'"
}
refused opt.pt "is the state of an optimizer (opt*.pt); give model*.pt or ema_*.pt"
refused nested.pt "is no plain dictionary of tensors, as guided-diffusion writes them"
refused other.pt "has no 'time_embed.0.weight': it is not a U-Net of guided-diffusion (it has conv_in.weight, conv_out.weight, ...)"
refused text.pt "is no checkpoint: PyTorch finds no tensors in it, or more than tensors"
refused code.pt "is no checkpoint: PyTorch finds no tensors in it, or more than tensors"
refused missing.pt "cannot be read: No such file or directory"
# Basin is given the file itself, under its name or another.
cp ema.pt ema.bin
for file in ema.pt ema.bin; do
  "$program" -e "local basin = require 'basin'; ($model }):load '$file'" >output 2>&1 && fail "$file is loaded"
  grep -qF "'$file' is no safetensors file but one of PyTorch's; scripts/convert_guided_diffusion.py makes safetensors of one" output ||
    fail "$file is not said to be PyTorch's"
done
python3 "$convert" ema.pt none.safetensors >output 2>&1 && fail "it was converted without an order"
grep -qF "the following arguments are required: --order" output || fail "the missing order is not said"
exit $failed
