// libbasin_cuda.so: the table that host/abi/cuda.cpp opens where a GPU is.
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "abi/cuda.hpp"
#include "cuda/launch.hpp"

namespace basin {
namespace {

using cuda_kernels::Job;
using cuda_kernels::kRows;

CudaDevice describe(int device) {
  const c10::cuda::CUDAGuard here(static_cast<c10::DeviceIndex>(device));
  cudaDeviceProp properties{};
  C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, device));
  size_t available = 0, total = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&available, &total));
  return {properties.name, properties.major, properties.minor, static_cast<int64_t>(total),
          static_cast<int64_t>(available)};
}

void synchronize(int device) {
  const c10::cuda::CUDAGuard here(static_cast<c10::DeviceIndex>(device));
  C10_CUDA_CHECK(cudaDeviceSynchronize());
}

// Launches `rows` at a time, with the row that a launch begins with.
template <class Launch>
void for_rows(const CudaDraw& what, int64_t n, Launch&& launch) {
  if (n == 0) return;
  Job job{what.stream, what.step_on_device, n, {}};
  for (size_t first = 0; first < what.ids.size(); first += kRows) {
    const size_t rows = std::min<size_t>(kRows, what.ids.size() - first);
    std::copy_n(what.ids.begin() + static_cast<int64_t>(first), rows, job.ids);
    C10_CUDA_CHECK(launch(job, static_cast<int64_t>(first), static_cast<uint32_t>(rows)));
  }
}

int64_t values_of_a_row(const CudaDraw& what, const Tensor& t) {
  return what.ids.empty() ? 0 : t.numel() / static_cast<int64_t>(what.ids.size());
}

void draw(const CudaDraw& what, int32_t distribution, const Tensor& out) {
  const c10::cuda::CUDAGuard here(out.device());
  const auto stream = c10::cuda::getCurrentCUDAStream(out.device().index());
  const int64_t n = values_of_a_row(what, out);
  char* to = static_cast<char*>(out.mutable_data_ptr());
  for_rows(what, n, [&](const Job& job, int64_t first, uint32_t rows) {
    return cuda_kernels::launch_draw(job, rows, distribution, to + first * n * out.element_size(), stream);
  });
}

void dropout(const CudaDraw& what, uint32_t threshold, float scale, const Tensor& x, const Tensor& y) {
  const c10::cuda::CUDAGuard here(x.device());
  const auto stream = c10::cuda::getCurrentCUDAStream(x.device().index());
  const int64_t n = values_of_a_row(what, x), bytes = x.element_size();
  const char* from = static_cast<const char*>(x.const_data_ptr());
  char* to = static_cast<char*>(y.mutable_data_ptr());
  for_rows(what, n, [&](const Job& job, int64_t first, uint32_t rows) {
    return cuda_kernels::launch_dropout(job, rows, threshold, scale, x.scalar_type() == at::kBFloat16,
                                        from + first * n * bytes, to + first * n * bytes, stream);
  });
}

const CudaTable table = {
    .size = sizeof(CudaTable),
    .version = BASIN_CUDA_VERSION,
    .device_count = [] { return static_cast<int>(c10::cuda::device_count()); },
    .describe = describe,
    .current_stream = [](const Tensor& t) -> void* {
      return c10::cuda::getCurrentCUDAStream(t.device().index()).stream();
    },
    .synchronize = synchronize,
    .draw = draw,
    .dropout = dropout,
};

}  // namespace
}  // namespace basin

extern "C" __attribute__((visibility("default"))) const basin::CudaTable* basin_cuda_table() { return &basin::table; }
