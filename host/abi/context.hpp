// Where a forward or a draw happens, as the host makes it: the ABI's basin_context and what only the host knows.
#pragma once
#include <basin/random.h>

#include "abi/handles.hpp"

namespace basin {

enum class Precision { fp32, bf16 };  // of the arithmetic inside layers; parameters are always fp32 masters

class Context {
 public:
  Context(uint64_t seed, uint64_t step, std::vector<int64_t> sample_ids, bool training = false)
      : ids_(std::move(sample_ids)) {
    c_ = {sizeof c_, training, seed, step, ids_.data(), static_cast<uint32_t>(ids_.size()), this};
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const basin_context* get() const { return &c_; }
  uint64_t seed() const { return c_.seed; }
  uint64_t step() const { return c_.step; }
  bool training() const { return c_.training; }
  const std::vector<int64_t>& ids() const { return ids_; }

  Precision precision = Precision::fp32;
  std::function<void(const char* name, const Tensor& value)> on_tap;  // who listens to taps

  static const Context* of(const basin_context* c) { return c ? static_cast<const Context*>(c->host) : nullptr; }

 private:
  std::vector<int64_t> ids_;
  basin_context c_{};
};

// Row i is a function of (stream, ids[i]) alone (random.h); float32 [ids, sizes...], or int64 for BASIN_BITS.
Tensor draw(const basin_stream& stream, int32_t distribution, std::span<const int64_t> ids, at::IntArrayRef sizes,
            at::Device device = at::kCPU);
void draw_into(const basin_stream& stream, int32_t distribution, int64_t id, float* out, uint64_t n);
inline basin_stream stream_of(uint64_t seed, uint32_t purpose, uint64_t step = 0, uint32_t slot = 0) {
  return {sizeof(basin_stream), purpose, slot, seed, step};
}

}  // namespace basin
