#!/usr/bin/env python3
"""convert_lpips.py TRUNK OUT.safetensors [TRUNK.pth LIN.pth]: weights for the plugin lpips_features.

TRUNK is alex, vgg or squeeze. TRUNK.pth is torchvision's file of that network (alexnet-owt-7be5be79.pth, vgg16-397923af.pth,
squeezenet1_1-b8a52dc0.pth), LIN.pth the package lpips' weights of its layers (lpips/weights/v0.1/TRUNK.pth). Without them
torchvision fetches the first, and the second is the installed package's.

    pip install torch torchvision lpips safetensors
"""
import pathlib
import sys

TRUNKS = {"alex": ("alexnet", 10, 5), "vgg": ("vgg16", 26, 5), "squeeze": ("squeezenet1_1", 50, 7)}


def converted(trunk, network, layers):
    """State dicts of the network (torchvision) and of the layers' weights (lpips) -> the plugin's names."""
    _, tensors, taps = TRUNKS[trunk]
    out = {name: value.float().contiguous() for name, value in network.items() if name.startswith("features.")}
    if len(out) != tensors:
        sys.exit(f"this is not torchvision's {TRUNKS[trunk][0]}: {len(out)} weights before its classifier, not {tensors}")
    for name, value in layers.items():  # "lin0.model.1.weight" [1,C,1,1]
        if (value < 0).any():
            sys.exit(f"{name} has a negative weight: LPIPS of version 0.1 has none, and its distance would be no square")
        out[f"{name.split('.')[0]}.weight"] = value.float().flatten().contiguous()
    missing = [f"lin{i}" for i in range(taps) if f"lin{i}.weight" not in out]
    if missing or len(out) != tensors + taps:
        sys.exit(f"the weights of LPIPS' layers are of another trunk: {', '.join(missing) or 'there are too many'}")
    return out


if __name__ == "__main__":
    import safetensors.torch
    import torch

    if len(sys.argv) not in (3, 5) or sys.argv[1] not in TRUNKS:
        sys.exit(__doc__)
    trunk, out, *files = sys.argv[1:]
    if files:
        network, layers = (torch.load(file, map_location="cpu", weights_only=True) for file in files)
    else:
        import lpips
        import torchvision

        network = getattr(torchvision.models, TRUNKS[trunk][0])(weights="IMAGENET1K_V1").state_dict()
        file = pathlib.Path(lpips.__file__).parent / "weights" / "v0.1" / f"{trunk}.pth"
        layers = torch.load(file, map_location="cpu", weights_only=True)
    safetensors.torch.save_file(converted(trunk, network, layers), out)
