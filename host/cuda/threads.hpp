// What one thread of each CUDA kernel does, as functions that also compile for the host: the CPU twin, which a test
// runs over all threads and compares with the CPU's own path (tests/cuda).
#pragma once
#include "abi/philox_block.hpp"

namespace basin::cuda_kernels {

constexpr uint32_t kRows = 512;  // of a launch; more take several

// What all threads of a launch know. Passed by value: no copy to the device, and a captured graph keeps it.
struct Job {
  philox::Stream stream;          // its `sample` is not read
  const int64_t* step_on_device;  // added to stream.step; may be null
  int64_t n;                      // values of a row
  uint32_t ids[kRows];            // a row's sample id
};

BASIN_HOST_DEVICE philox::Stream stream_of_row(const Job& job, uint32_t row) {
  philox::Stream s = job.stream;
  s.sample = job.ids[row];
  if (job.step_on_device) s.step += static_cast<uint32_t>(*job.step_on_device);
  return s;
}

template <class T>
struct alignas(16) Four {
  T of[4];
};

enum class Distribution { normal, uniform, bits };

template <Distribution distribution, class T>
BASIN_HOST_DEVICE Four<T> four_values(const philox::Block& b) {
  if constexpr (distribution == Distribution::normal) {  // Box and Muller on words (0, 1) and (2, 3)
    Four<T> out;
    for (int pair = 0; pair < 2; ++pair) {
      float sine, cosine;
      philox::turn(b.word[2 * pair + 1], sine, cosine);
      const float radius = philox::radius_of(b.word[2 * pair]);
      out.of[2 * pair] = radius * cosine;
      out.of[2 * pair + 1] = radius * sine;
    }
    return out;
  } else if constexpr (distribution == Distribution::uniform) {
    return {{philox::uniform_of(b.word[0]), philox::uniform_of(b.word[1]), philox::uniform_of(b.word[2]),
             philox::uniform_of(b.word[3])}};
  } else {
    return {{b.word[0], b.word[1], b.word[2], b.word[3]}};
  }
}

// Block `index` of a row: out [rows, n], 16-byte aligned.
template <Distribution distribution, class T>
BASIN_HOST_DEVICE void draw_thread(const Job& job, uint32_t row, uint32_t index, T* out) {
  const int64_t first = int64_t{4} * index;
  if (first >= job.n) return;
  const Four<T> values = four_values<distribution, T>(philox::block(stream_of_row(job, row), index));
  T* to = out + row * job.n + first;
  if (job.n % 4 == 0) {
    *reinterpret_cast<Four<T>*>(to) = values;
  } else {
    for (int i = 0; i < 4 && first + i < job.n; ++i) to[i] = values.of[i];
  }
}

// bf16 as its raw bits
struct Bfloat16 {
  uint16_t raw;
};
BASIN_HOST_DEVICE float to_float(float x) { return x; }
BASIN_HOST_DEVICE float to_float(Bfloat16 x) { return philox::bits_as<float>(static_cast<uint32_t>(x.raw) << 16); }
BASIN_HOST_DEVICE void from_float(float x, float& to) { to = x; }
BASIN_HOST_DEVICE void from_float(float x, Bfloat16& to) {  // to the nearest, ties to even
  const uint32_t raw = philox::bits_as<uint32_t>(x);
  to.raw = x != x ? uint16_t{0x7fc0} : static_cast<uint16_t>((raw + 0x7fff + ((raw >> 16) & 1)) >> 16);
}

// Elements 8 index to 8 index + 7 of a row, in the order of memory: sixteen bits each of block `index`, the lower half
// of a word first; kept where they are >= threshold.
template <class T>
BASIN_HOST_DEVICE void dropout_thread(const Job& job, uint32_t threshold, float scale, uint32_t row, uint32_t index,
                                      const T* x, T* y) {
  const int64_t first = int64_t{8} * index;
  if (first >= job.n) return;
  const philox::Block b = philox::block(stream_of_row(job, row), index);
  const int64_t at = row * job.n + first;
  for (int i = 0; i < 8 && first + i < job.n; ++i) {
    const uint32_t half = b.word[i / 2] >> (i % 2 * 16) & 0xffffu;
    from_float(half >= threshold ? to_float(x[at + i]) * scale : 0.f, y[at + i]);
  }
}

}  // namespace basin::cuda_kernels
