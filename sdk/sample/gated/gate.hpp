// The gate y = silu(a) b of the two halves [a, b] of an image's channels, and its gradient: one element of each, for the
// CPU's loop and the GPU's kernel alike. Knows nothing of Basin.
//
//   y = s a b,   dL/da = g b s (1 + a (1 - s)),   dL/db = g a s      with s = 1 / (1 + exp(-a)), g = dL/dy
//
// (the gate of SwiGLU, Shazeer 2020, arXiv 2002.05202, eq. 6). Computed in float, whatever the type in memory.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#define GATE_BOTH __host__ __device__
#else
#define GATE_BOTH
#endif

namespace gate {

struct BFloat16 {  // the upper half of a float
  uint16_t bits;
};

// A tensor of 4 dimensions as it lies in memory; strides in elements.
struct View {
  void* data;
  int64_t strides[4];
};

// One pass over all elements of y. forward: x -> out = y; backward: x, g -> out = dL/dx.
struct Job {
  bool backward, bfloat16;
  int64_t count, sizes[4];   // of y, the outermost dimension in memory first
  View x, g, out;            // x and dL/dx are walked through their first halves; half: from there to the second
  int64_t x_half, out_half;  // in elements
};

// On `stream` of this device, without waiting. Returns what went wrong, or null.
const char* launch(const Job& job, int device, void* stream);

GATE_BOTH inline float load(const float* from) { return *from; }
GATE_BOTH inline float load(const BFloat16* from) {
  const uint32_t bits = static_cast<uint32_t>(from->bits) << 16;
  float out;
  memcpy(&out, &bits, sizeof out);
  return out;
}
GATE_BOTH inline void store(float* to, float value) { *to = value; }
GATE_BOTH inline void store(BFloat16* to, float value) {  // to the nearest, ties to even; NaN stays one
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  to->bits = static_cast<uint16_t>(value != value ? 0x7fc0 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// The i-th element of y, counted with the last of job.sizes running fastest.
template <class T>
GATE_BOTH inline void element(const Job& job, int64_t i) {
  int64_t x = 0, g = 0, out = 0;
  for (int d = 3; d >= 0; --d) {
    const int64_t k = i % job.sizes[d];
    i /= job.sizes[d];
    x += k * job.x.strides[d], g += k * job.g.strides[d], out += k * job.out.strides[d];
  }
  const T* from = static_cast<const T*>(job.x.data) + x;
  T* to = static_cast<T*>(job.out.data) + out;
  const float a = load(from), b = load(from + job.x_half), s = 1 / (1 + expf(-a));
  if (!job.backward) return store(to, a * s * b);
  const float gradient = load(static_cast<const T*>(job.g.data) + g);
  store(to, gradient * b * s * (1 + a * (1 - s)));
  store(to + job.out_half, gradient * a * s);
}

template <class T>
void elements(const Job& job, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) element<T>(job, i);
}

}  // namespace gate
