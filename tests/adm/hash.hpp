// Weights, inputs and sign vectors out of an integer hash: the same numbers as make_fixture.py computes.
#pragma once
#include "abi/aten.hpp"

namespace fixture {

constexpr int kProjections = 16;

inline uint32_t mixed(uint32_t index, uint32_t salt) {  // the finalizer of MurmurHash3
  uint32_t x = (index * 2654435761u) ^ salt;
  x ^= x >> 16;
  x *= 0x85EBCA6Bu;
  x ^= x >> 13;
  x *= 0xC2B2AE35u;
  return x ^ (x >> 16);
}

inline uint32_t salt_of(const std::string& name, int k = 0) {  // CRC-32 of "name#k"
  uint32_t crc = ~0u;
  for (unsigned char c : name + "#" + std::to_string(k)) {
    crc ^= c;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

inline at::Tensor uniform(at::IntArrayRef sizes, uint32_t salt) {  // [-1, 1), exact
  at::Tensor out = at::empty(sizes, at::kFloat);
  auto* data = out.mutable_data_ptr<float>();
  for (int64_t i = 0; i < out.numel(); i++)
    data[i] = static_cast<float>(mixed(static_cast<uint32_t>(i), salt) >> 8) / static_cast<float>(1 << 23) - 1.0f;
  return out;
}

inline at::Tensor weight(const std::string& name, at::IntArrayRef sizes) {
  at::Tensor u = uniform(sizes, salt_of(name));
  if (sizes.size() > 1) {
    double fan_in = 1;
    for (int64_t size : sizes.slice(1)) fan_in *= static_cast<double>(size);
    return u / static_cast<float>(std::sqrt(fan_in));
  }
  return u * 0.1f + (name.ends_with("weight") ? 1.0f : 0.0f);
}

// |a - b| / |a| as the projections tell it: expected [kProjections] double of a; b as a tensor.
inline double relative_difference(const std::string& name, const double* expected, double norm, const at::Tensor& b) {
  const at::Tensor flat = b.detach().to(at::kCPU, at::kDouble).contiguous().flatten();
  const auto* value = flat.const_data_ptr<double>();
  double squares = 0;
  for (int k = 0; k < kProjections; k++) {
    const uint32_t salt = salt_of(name, k + 1);
    double sum = 0;
    for (int64_t i = 0; i < flat.numel(); i++)
      sum += mixed(static_cast<uint32_t>(i), salt) >> 31 ? value[i] : -value[i];
    squares += (sum - expected[k]) * (sum - expected[k]);
  }
  return std::sqrt(squares / kProjections) / norm;
}

}  // namespace fixture
