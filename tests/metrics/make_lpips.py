#!/usr/bin/env python3
"""make_lpips.py: writes lpips.safetensors, what the package lpips computes with weights that a formula gives, so that the
test needs no file of weights: distances of three pairs, and some of what each layer gives.

    pip install torch torchvision lpips safetensors
"""
import pathlib
import sys

import lpips
import numpy as np
import safetensors.torch
import torch

from make_inception import uniform

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "scripts"))
from convert_lpips import TRUNKS, converted  # noqa: E402

EVERY = 29  # one of so many features is kept


def filled(trunk):
    """The package's network with weights by formula; what the converter makes of them must be the formula's."""
    distance = lpips.LPIPS(net=trunk, pretrained=False, pnet_rand=True, verbose=False).eval()
    import torchvision

    network = getattr(torchvision.models, TRUNKS[trunk][0])(weights=None)
    state = {name: value for name, value in network.state_dict().items() if name.startswith("features.")}
    lin = {name: value for name, value in distance.state_dict().items() if name.startswith("lin") and not name.startswith("lins")}
    wanted = converted(trunk, state, {name: value.abs() for name, value in lin.items()})
    for k, name in enumerate(sorted(wanted)):
        size = wanted[name].shape
        wanted[name] = uniform(size, 100 + k)
        if name.startswith("lin"):
            wanted[name] = wanted[name].abs()
        elif name.endswith("bias"):
            wanted[name] = wanted[name] * 0.1
        else:
            wanted[name] = wanted[name] * (6 / int(np.prod(size[1:]))) ** 0.5
        wanted[name] = wanted[name].float()
    own = distance.state_dict()
    for name in own:
        if name.startswith("net.slice"):  # net.slice2.3.weight is features.3.weight
            own[name] = wanted["features." + name.split(".", 2)[2]]
        elif name.startswith("lin"):
            number = name.split(".")[1] if name.startswith("lins") else name.split(".")[0][3:]
            own[name] = wanted[f"lin{number}.weight"].reshape(own[name].shape)
    distance.load_state_dict(own)
    return distance


@torch.no_grad()
def main():
    ramp = torch.arange(6 * 3 * 48 * 40).reshape(6, 3, 48, 40)
    images = (70 * uniform(ramp.shape, 9100) + 110 + 80 * torch.sin(ramp / 9) * torch.cos(ramp / 371)).clamp(0, 255).to(torch.uint8)
    x = images.float() / 127.5 - 1
    out = {"images": images}
    for trunk in TRUNKS:
        distance = filled(trunk)
        out[f"{trunk}.distances"] = distance(x[:3], x[3:]).flatten()
        layers = []
        for k, layer in enumerate(distance.net(distance.scaling_layer(x[:1]))):
            weight = distance.lins[k].model[-1].weight.flatten()[None, :, None, None]
            scale = (weight / (layer.shape[2] * layer.shape[3])).sqrt()
            layers.append((lpips.normalize_tensor(layer) * scale).flatten())
        out[f"{trunk}.features"] = torch.cat(layers)[::EVERY]
    safetensors.torch.save_file({key: value.contiguous() for key, value in out.items()}, HERE / "lpips.safetensors")
    print({key: (tuple(value.shape), value.flatten()[:3]) for key, value in out.items()})


if __name__ == "__main__":
    main()
