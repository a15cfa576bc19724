#!/usr/bin/env python3
"""convert_inception.py pt_inception-2015-12-05-6726825d.pth OUT.safetensors: weights for the plugin inception_v3.

Takes the state dict of pytorch-fid or torch-fidelity (both are the 2015 graph) and folds each batch norm into its
convolution. Needs torch and safetensors:  pip install torch safetensors
"""
import sys

EPSILON = 1e-3  # of the batch norms


def fold(state):
    """state: name -> tensor, with conv.weight and bn.*; returns the names of the plugin, computed in double."""
    folded = {}
    for name, value in state.items():
        if name.endswith(".conv.weight"):
            block = name[: -len("conv.weight")]
            norm = {key: state[f"{block}bn.{key}"].double() for key in ("weight", "bias", "running_mean", "running_var")}
            scale = norm["weight"] / (norm["running_var"] + EPSILON).sqrt()
            folded[name] = (value.double() * scale[:, None, None, None]).float().contiguous()
            folded[f"{block}conv.bias"] = (norm["bias"] - norm["running_mean"] * scale).float()
        elif name in ("fc.weight", "fc.bias"):
            folded[name] = value.float().contiguous()
    if len(folded) != 94 * 2 + 2:
        sys.exit(f"this is not the network of 2015: {len(folded)} weights of it were found, not 190")
    return folded


if __name__ == "__main__":
    import safetensors.torch
    import torch

    if len(sys.argv) != 3:
        sys.exit(__doc__)
    safetensors.torch.save_file(fold(torch.load(sys.argv[1], map_location="cpu", weights_only=True)), sys.argv[2])
