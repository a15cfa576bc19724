// SHA-256 (FIPS 180-4), for what a run, a plugin file or a set of weights is known by.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace basin {

class Sha256 {
 public:
  void update(const void* bytes, size_t count);
  std::string hex();  // 64 digits; ends the sum

 private:
  std::array<uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> pending_{};
  uint64_t total_ = 0;
};

// The compression of `count` blocks of 64 bytes into the state: the definition, and the processor's own instructions
// where it has them. For tests; Sha256 chooses.
void sha256_blocks(uint32_t* state, const uint8_t* bytes, size_t count);
bool sha256_blocks_fast(uint32_t* state, const uint8_t* bytes, size_t count);  // false: it has none

std::string sha256(std::string_view bytes);
std::string sha256_file(const std::filesystem::path& file);  // Error: it cannot be read

}  // namespace basin
