// Finds out, in the cheapest order, whether a GPU can be used: the driver, its devices, the module's file, what the
// module links. Each step has its own sentence.
#include "abi/cuda.hpp"

#include <ATen/Context.h>
#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "abi/interfaces.hpp"
#include "abi/stream.hpp"

namespace basin {
namespace {

namespace fs = std::filesystem;

// The driver's own answer, without any library of CUDA's: how many devices, or why none.
struct Driver {
  int devices = 0;
  std::string missing;
};
Driver ask_driver() {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return {0, "this machine has no NVIDIA driver (libcuda.so.1 was not found)"};
  const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(library, "cuInit"));
  const auto count = reinterpret_cast<int (*)(int*)>(dlsym(library, "cuDeviceGetCount"));
  if (!init || !count) return {0, "the libcuda.so.1 of this machine is not NVIDIA's driver"};
  int devices = 0, failed = init(0);
  if (!failed) failed = count(&devices);
  if (failed) return {0, "the NVIDIA driver finds no GPU that it can use (its error " + std::to_string(failed) + ")"};
  if (devices < 1) return {0, "the NVIDIA driver finds no GPU (CUDA_VISIBLE_DEVICES may hide it)"};
  return {devices, ""};
}

// Beside the program (build folder: bin/ and lib/), in an installation's lib/basin/, or where BASIN_CUDA_MODULE says.
fs::path module_file() {
  if (const char* given = std::getenv("BASIN_CUDA_MODULE"); given && *given) return given;
  std::error_code ignored;
  const fs::path base = fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path();
  for (const fs::path& place : {base / "lib/libbasin_cuda.so", base / "lib/basin/libbasin_cuda.so"})
    if (fs::exists(place, ignored)) return place;
  return {};
}

struct Cuda {
  const CudaTable* table = nullptr;
  bool driver = false;  // a GPU is here, whether or not it can be used
  std::string missing;
};

Cuda open_module() {
  const Driver driver = ask_driver();
  if (!driver.devices) return {nullptr, false, driver.missing};
  const auto without = [](const std::string& why) { return Cuda{nullptr, true, why}; };
  const fs::path file = module_file();
  if (file.empty())
    return without(
        "this Basin was built without its CUDA module: install the CUDA toolkit that fits LibTorch and run ./basin "
        "setup");
  // Global: the kernels of libtorch_cuda register themselves with the operators of libtorch_cpu.
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!library)
    return without(std::string("the CUDA module could not be loaded (") + dlerror() +
                   "): ./basin setup fetches LibTorch's CUDA libraries");
  const auto entry = reinterpret_cast<const CudaTable* (*)()>(dlsym(library, BASIN_CUDA_SYMBOL));
  const CudaTable* table = entry ? entry() : nullptr;
  if (!table || table->size != sizeof(CudaTable))
    return without(file.string() + " is of another build than this program: run ./basin build");
  if (!at::hasCUDA())
    return without(table->device_count() > 0
                       ? "LibTorch had already computed on the CPU when CUDA was asked for, and looks for it only "
                         "once: ask for the "
                         "GPU at the start"
                       : "LibTorch finds no GPU that it can use: is the driver new enough for its " +
                             std::string(table->version) + "?");
  // Single precision is single precision: convolutions would use TF32.
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  set_stream_hook(table->current_stream);
  return {table, true, ""};
}

const Cuda& state() {
  static const Cuda once = open_module();
  return once;
}

}  // namespace

std::string cuda_missing() { return state().missing; }

const CudaTable& cuda() {
  if (const CudaTable* table = state().table) return *table;
  throw Error("A GPU is needed, but " + state().missing + ".", BASIN_ERROR_RUNTIME);
}

void offer_cuda() {
  static const bool once = [] {
    const Cuda& s = state();
    if (s.driver && !s.table)
      log_interface.write(BASIN_LOG_WARNING, ("a GPU is here but is left alone: " + s.missing + ".").c_str());
    return true;
  }();
  (void)once;
}

bool is_device(const std::string& word) {
  if (word == "auto" || word == "cpu" || word == "cuda") return true;
  return word.starts_with("cuda:") && word.size() > 5 && word.size() < 8 &&
         word.find_first_not_of("0123456789", 5) == word.npos;
}

at::Device resolve_device(const std::string& word) {
  if (!is_device(word)) throw Error("A device is 'auto', 'cpu', 'cuda' or 'cuda:N', but '" + word + "' was given.");
  if (word == "cpu") return at::kCPU;
  if (word == "auto") {
    offer_cuda();
    return state().table ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  }
  const int index = word == "cuda" ? 0 : std::stoi(word.substr(5));
  if (!state().table)
    throw Error("The device '" + word + "' was asked for, but " + state().missing +
                    "; 'auto' takes a GPU where there is one and else the CPU.",
                BASIN_ERROR_RUNTIME);
  if (const int n = state().table->device_count(); index >= n)
    throw Error("The device '" + word + "' was asked for, but this machine has " + std::to_string(n) +
                (n == 1 ? " GPU: 'cuda'." : " GPUs: 'cuda:0' to 'cuda:" + std::to_string(n - 1) + "'."));
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
}

void synchronize(at::Device device) {
  if (device.is_cuda()) cuda().synchronize(device.has_index() ? device.index() : 0);
}

}  // namespace basin
