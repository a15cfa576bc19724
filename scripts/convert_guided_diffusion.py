"""Turns a checkpoint of guided-diffusion (a .pt file of its U-Net) into safetensors that Basin's adm_unet loads.

    python3 scripts/convert_guided_diffusion.py ema_0.9999_460000.pt out.safetensors --order new

Names and shapes stay as they are: adm_unet has guided-diffusion's. What the file cannot tell is the order of q, k and v
in its attention layers, because both orders have the same names and shapes: give --order new for a model that was
trained with --use_new_attention_order True, --order legacy for False (guided-diffusion's default, and that of OpenAI's
releases). It is written into the file, and Basin refuses to load it into a model of the other order.

Prints what adm_unet must be made with, as far as the shapes tell. Needs PyTorch and safetensors. The file is read with
weights_only, so that nothing in it is run.
"""
import argparse
import re
import sys

import torch
from safetensors.torch import save_file


def fail(sentence):
    sys.exit("convert_guided_diffusion: " + sentence)


def read(path):
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as e:
        fail(f"'{path}' cannot be read: {e.strerror or e}")
    except Exception:  # torch.load's own words advise to run what is in the file
        fail(f"'{path}' is no checkpoint: PyTorch finds no tensors in it, or more than tensors")
    if isinstance(content, dict) and "state" in content and "param_groups" in content:
        fail(f"'{path}' is the state of an optimizer (opt*.pt); give model*.pt or ema_*.pt")
    if not isinstance(content, dict) or not all(isinstance(v, torch.Tensor) for v in content.values()):
        fail(f"'{path}' is no plain dictionary of tensors, as guided-diffusion writes them")
    for name in ("time_embed.0.weight", "input_blocks.0.0.weight", "out.2.weight"):
        if name not in content:
            found = ", ".join(list(content)[:3])
            fail(f"'{path}' has no '{name}': it is not a U-Net of guided-diffusion (it has {found}, ...)")
    return content


def describe(w):
    """adm_unet's options, as far as names and shapes say them."""
    channels, image_channels = w["input_blocks.0.0.weight"].shape[:2]
    options = {"in_channels": image_channels, "channels": w["time_embed.0.weight"].shape[1],
               "learned_variance": w["out.2.weight"].shape[0] == 2 * image_channels}
    # Every level but one ends in a step up, the second or third module of its last stage on the way out.
    outputs = {int(m[1]) for name in w if (m := re.match(r"output_blocks\.(\d+)\.", name))}
    ups = {m[1] for name in w if (m := re.match(r"output_blocks\.(\d+)\.[12]\.(in_layers\.0|conv)\.weight", name))}
    levels = len(ups) + 1
    options["blocks"] = len(outputs) // levels - 1 if len(outputs) % levels == 0 else None
    if options["blocks"]:
        per = options["blocks"] + 1
        options["multipliers"] = [w[f"input_blocks.{per * level + 1}.0.out_layers.0.weight"].shape[0]
                                  / options["channels"] for level in range(levels)]
    options["residual_resampling"] = not any(".op." in name for name in w)
    options["scale_shift"] = (w["input_blocks.1.0.emb_layers.1.weight"].shape[0]
                              == 2 * w["input_blocks.1.0.out_layers.0.weight"].shape[0])
    if "label_emb.weight" in w:
        options["classes"] = w["label_emb.weight"].shape[0]
    return {k: v for k, v in options.items() if v is not None}


def lua(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "{ " + ", ".join(f"{v:g}" for v in value) + " }"
    return f"{value:g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    parser.add_argument("--order", required=True, choices=["new", "legacy"],
                        help="new: trained with --use_new_attention_order True; legacy: False, the default")
    a = parser.parse_args()
    weights = read(a.checkpoint)
    tensors = {name: value.detach().to(torch.float32).contiguous().clone() for name, value in weights.items()}
    save_file(tensors, a.out, metadata={"component": "adm_unet", "choice.order": a.order, "choice.target": "epsilon"})
    count = sum(v.numel() for v in tensors.values())
    text = ", ".join(f"{k} = {lua(v)}" for k, v in describe(weights).items())
    print(f'{a.out}: {len(tensors)} tensors, {count} parameters, order "{a.order}"')
    print(f'basin.model "adm_unet" {{ {text}, order = "{a.order}", image = ..., attention = ..., head_channels = ... }}')


if __name__ == "__main__":
    main()
