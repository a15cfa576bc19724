"""Fetches LibTorch out of the PyPI wheel `torch` with pip and unpacks what a C++ program needs of it (./basin setup).

A program that links libtorch_cpu.so and libc10.so alone needs, of all that the wheel depends on, only CUDA's run-time and
CUPTI (libtorch_cpu.so names both as needed). Which versions those are stands in the wheel's METADATA. With
--parts cuda the rest of NVIDIA's libraries come too, and FOLDER/cuda-complete says that they are there.

Wheels that have arrived are kept in FOLDER.download until all is done, so a second try fetches only what is missing. pip
checks every file against the index's checksum. FOLDER appears in one rename, so it is complete where it exists.
"""
import argparse
import email.parser
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import zipfile

TRIES = 3
# One wheel for every distribution: the libraries inside do not depend on Python's version.
PYTHON = "311"
CPU_EXTRAS = ("cudart", "cupti")


class Failed(Exception):
    pass


def say(text):
    print(f"basin: {text}", file=sys.stderr, flush=True)


def pip_download(folder, requirements, dependencies):
    machine = platform.machine()
    command = [sys.executable, "-m", "pip", "download", "--no-cache-dir", "--only-binary=:all:", "--dest", folder,
               "--implementation", "cp", "--python-version", PYTHON, "--abi", f"cp{PYTHON}", "--abi", "none"]
    # pip takes these tags literally: every glibc up to the one that LibTorch's own wheel asks for
    for tag in [f"manylinux_2_{minor}" for minor in range(28, 16, -1)] + ["manylinux2014"]:
        command += ["--platform", f"{tag}_{machine}"]
    command += ["--platform", "any"]
    if not dependencies:
        command.append("--no-deps")
    wheels_in(folder)
    for attempt in range(1, TRIES + 1):
        if subprocess.run(command + requirements).returncode == 0:
            return
        if attempt < TRIES:
            say(f"pip failed; trying again ({attempt + 1} of {TRIES})")
            time.sleep(attempt)
    raise Failed(f"pip could not download {' '.join(requirements)} (its message stands above); what has arrived is kept "
                 f"in {folder}, so check the connection and the free space there and run the same command again.")


def wheels_in(folder, name=""):
    """The whole wheels in a folder; what an interrupted copy left behind is removed."""
    found = []
    for file in sorted(os.listdir(folder)):
        path = os.path.join(folder, file)
        if file.startswith(name) and file.endswith(".whl"):
            if zipfile.is_zipfile(path):
                found.append(path)
            else:
                os.remove(path)
    return found


def metadata_of(wheel_or_folder, version):
    """The fields of the wheel's METADATA, out of the wheel or of the folder it was unpacked into."""
    name = f"torch-{version}.dist-info/METADATA"
    if os.path.isdir(wheel_or_folder):
        with open(os.path.join(wheel_or_folder, name), encoding="utf-8") as file:
            text = file.read()
    else:
        with zipfile.ZipFile(wheel_or_folder) as wheel:
            text = wheel.read(name).decode()
    return email.parser.Parser().parsestr(text)


def cuda_requirements(fields, parts):
    """What METADATA asks for: all of NVIDIA's libraries, or only the two that the CPU library links."""
    found = []
    for line in fields.get_all("Requires-Dist") or []:
        requirement = line.split(";")[0].strip().replace(" ", "")
        toolkit = re.fullmatch(r"cuda-toolkit\[.*\](==[\w.]+)", requirement)
        if toolkit and parts == "cpu":
            found.append(f"cuda-toolkit[{','.join(CPU_EXTRAS)}]{toolkit.group(1)}")
        elif toolkit or (requirement.startswith("nvidia-") and parts == "cuda"):
            found.append(requirement)
    if not found:
        raise Failed("the wheel torch does not say which CUDA run-time it needs; set BASIN_TORCH_DIR to a LibTorch of your "
                     "own instead.")
    return found


def wanted(name):
    """Of the wheel torch: the libraries without Python's, the headers, the licences. Of NVIDIA's: all libraries."""
    if name.endswith("/") or os.path.basename(name) == "libtorch_python.so":
        return False
    return name.startswith(("torch/lib/", "torch/include/", "nvidia/")) or ".dist-info/" in name


def unpack(wheels, target):
    members = []
    for path in wheels:
        with zipfile.ZipFile(path) as wheel:
            members += [(path, m) for m in wheel.infolist() if wanted(m.filename)]
    total, done, shown = sum(m.file_size for _, m in members), 0, -1
    archives = {path: zipfile.ZipFile(path) for path in wheels}
    for path, member in members:
        destination = os.path.join(target, member.filename)
        if not os.path.realpath(destination).startswith(os.path.realpath(target) + os.sep):
            raise Failed(f"{os.path.basename(path)} holds the path '{member.filename}', which leads out of its folder.")
        os.makedirs(os.path.dirname(destination), exist_ok=True)
        # Written beside and renamed: a program that runs with the CPU's part already must not see half a file.
        with archives[path].open(member) as source, open(destination + ".part", "wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        os.replace(destination + ".part", destination)
        done += member.file_size
        percent = 100 * done // max(total, 1)
        if percent // 10 > shown // 10:
            shown = percent
            say(f"unpacking LibTorch: {percent} % of {total / 1e9:.1f} GB")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--parts", choices=("cpu", "cuda"), default="cpu")
    options = parser.parse_args()
    folder, download = options.folder, options.folder + ".download"
    needs_torch = not os.path.exists(os.path.join(folder, "torch", "lib", "libtorch_cpu.so"))

    os.makedirs(download, exist_ok=True)
    if needs_torch:
        say(f"fetching LibTorch {options.version} "
            + ("for the CPU: 0.55 GB" if options.parts == "cpu" else "with CUDA's libraries: about 2.7 GB"))
        pip_download(download, [f"torch=={options.version}"], dependencies=False)
        source = wheels_in(download, f"torch-{options.version}")[0]
    else:
        say(f"fetching CUDA's libraries for LibTorch {options.version}: about 2 GB")
        source = folder
    pip_download(download, cuda_requirements(metadata_of(source, options.version), options.parts), dependencies=True)

    wheels = wheels_in(download)
    if needs_torch:
        fresh = f"{folder}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        unpack(wheels, fresh)
        if options.parts == "cuda":
            open(os.path.join(fresh, "cuda-complete"), "w").close()
        os.rename(fresh, folder)
    else:
        unpack(wheels, folder)
        open(os.path.join(folder, "cuda-complete"), "w").close()
    shutil.rmtree(download)
    say(f"LibTorch {options.version} is in {folder}")


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"basin: {failure}")
    except (OSError, zipfile.BadZipFile) as failure:
        sys.exit(f"basin: LibTorch could not be unpacked: {failure}; mend that and run the same command again.")
    except KeyboardInterrupt:
        sys.exit("basin: stopped; what has arrived is kept, and the same command goes on from there.")
