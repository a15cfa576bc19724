// One block of Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011) and what is made of its four words: the one source
// of the CPU's loops (philox.cpp) and of the CUDA kernels (host/cuda/kernels.cu), so that both give the same bits.
// Needs Random123; no ATen here. Compile it without contraction into fused operations (-ffp-contract=off, nvcc's
// -fmad=false).
#pragma once
#include <Random123/philox.h>

#include <cstdint>
#include <cstring>

#include "abi/philox.hpp"

#ifdef __CUDACC__
#define BASIN_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define BASIN_HOST_DEVICE inline
#endif

namespace basin::philox {

struct Block {
  uint32_t word[4];
};

BASIN_HOST_DEVICE Block block(const Stream& s, uint32_t index) {
  const philox4x32_ctr_t counter = {{index, s.sample, s.step, s.purpose_slot}};
  const philox4x32_key_t key = {{static_cast<uint32_t>(s.seed), static_cast<uint32_t>(s.seed >> 32)}};
  const philox4x32_ctr_t r = philox4x32_R(10, counter, key);
  return {{r.v[0], r.v[1], r.v[2], r.v[3]}};
}

template <class To, class From>
BASIN_HOST_DEVICE To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

// [0, 1): the upper 24 bits
BASIN_HOST_DEVICE float uniform_of(uint32_t word) {
  // A word as a signed integer keeps the conversion one instruction.
  return static_cast<float>(static_cast<int32_t>(word >> 8)) * 0x1p-24f;
}

// ln u of u = (word + 1/2) / 2^32, as 2 artanh((m - 1) / (m + 1)) + e ln 2 with u = m 2^e, m in [0.7, 1.4)
BASIN_HOST_DEVICE float log_of(uint32_t word) {
  const float high = static_cast<float>(static_cast<int32_t>(word >> 16)),
              low = static_cast<float>(static_cast<int32_t>(word & 0xffffu));
  const float u = (high * 65536.f + (low + 0.5f)) * 0x1p-32f;
  const int32_t raw = bits_as<int32_t>(u);
  const int32_t e = (raw - 0x3f3504f3) >> 23;
  const float m = bits_as<float>(raw - static_cast<int32_t>(static_cast<uint32_t>(e) << 23));
  const float s = (m - 1.f) / (m + 1.f), q = s * s;
  const float series = s * (2.f + q * (2.f / 3 + q * (2.f / 5 + q * (2.f / 7 + q * (2.f / 9)))));
  return series + static_cast<float>(e) * 0.693147181f;
}

// sin and cos of 2 pi word / 2^32: the nearest quarter turn, and Taylor's polynomials on |angle| <= pi / 4
BASIN_HOST_DEVICE void turn(uint32_t word, float& sine, float& cosine) {
  const uint32_t quarter = (word + (1u << 29)) >> 30;
  const float x = static_cast<float>(static_cast<int32_t>(word - (quarter << 30))) * 1.46291808e-9f;  // 2 pi / 2^32
  const float q = x * x;
  const float s = x * (1.f + q * (-1.f / 6 + q * (1.f / 120 + q * (-1.f / 5040 + q * (1.f / 362880)))));
  const float c = 1.f + q * (-1.f / 2 + q * (1.f / 24 + q * (-1.f / 720 + q * (1.f / 40320 + q * (-1.f / 3628800)))));
  const bool swap = quarter & 1;
  const float a = swap ? c : s, b = swap ? s : c;
  sine = bits_as<float>(bits_as<uint32_t>(a) ^ ((quarter & 2) << 30));
  cosine = bits_as<float>(bits_as<uint32_t>(b) ^ (((quarter + 1) & 2) << 30));
}

// The length of Box and Muller (1958): sqrt(-2 ln u)
BASIN_HOST_DEVICE float radius_of(uint32_t word) {
#ifdef __CUDA_ARCH__
  return sqrtf(-2.f * log_of(word));
#else
  return __builtin_sqrtf(-2.f * log_of(word));
#endif
}

}  // namespace basin::philox
