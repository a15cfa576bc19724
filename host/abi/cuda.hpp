// Devices, and the CUDA module: a library of its own (host/cuda) that brings libtorch_cuda with it and is opened when a
// GPU is to be used, so that a machine without one needs none of CUDA's files and starts half a second sooner.
//
// LibTorch looks for CUDA once in a process: at its first convolution or backward pass, on whatever device. A program
// that may use a GPU therefore calls offer_cuda() when it starts.
#pragma once
#include <string>

#include "abi/handles.hpp"
#include "abi/philox.hpp"

namespace basin {

struct CudaDevice {
  std::string name;
  int major = 0, minor = 0;             // compute capability
  int64_t memory = 0, memory_free = 0;  // bytes
};

// A draw for each row of a batch: rows [ids, n], row i from the stream with `sample` = ids[i].
struct CudaDraw {
  philox::Stream stream;                    // its `sample` is not read
  const int64_t* step_on_device = nullptr;  // added to stream.step when the kernel runs; for captured graphs
  std::span<const int64_t> ids;             // on the host, below 2^32; read before the call returns
};

// What the module gives. Everything runs on the current stream of the tensor's device, and nothing waits for it. CUDA's
// failures are c10::Error.
struct CudaTable {
  uint32_t size;        // sizeof(CudaTable) of the module's build: a module of another build is refused
  const char* version;  // "CUDA 13.0"
  int (*device_count)();
  CudaDevice (*describe)(int device);
  void* (*current_stream)(const Tensor&);  // cudaStream_t
  void (*synchronize)(int device);
  // Fills out [ids, ...], contiguous: float32, or int64 for BASIN_BITS. The bits of draw() on the CPU.
  void (*draw)(const CudaDraw&, int32_t distribution, const Tensor& out);
  // y = keep ? x * scale : 0 for x and y of fp32 or bf16 that share a dense layout, [ids, n] in memory; kept where the
  // 16 bits of an element's place are >= threshold (kernels/dropout.hpp).
  void (*dropout)(const CudaDraw&, uint32_t threshold, float scale, const Tensor& x, const Tensor& y);
};

#define BASIN_CUDA_SYMBOL "basin_cuda_table"  // extern "C" const CudaTable*()

// The device that a word means: "auto" is the first GPU where there is one that works, else the CPU; "cuda" or "cuda:1"
// is a GPU, and an Error says what is missing; "cpu". [run thread]
at::Device resolve_device(const std::string& word);
// Whether it is one of these words, on whatever machine.
bool is_device(const std::string& word);

// Opens the module where a GPU is, and warns, once, where one is but cannot be used. Never throws.
void offer_cuda();

// Why no GPU can be used, in one sentence; "" where one can. Opens the module where a GPU is.
std::string cuda_missing();

// The table of the open module. Error: it is not open, and why.
const CudaTable& cuda();

// Waits until a GPU has done what it was given; nothing for the CPU.
void synchronize(at::Device device);

}  // namespace basin
