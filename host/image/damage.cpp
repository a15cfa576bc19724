// Walks the parts of a file without decoding it: PNG's chunks and their checksums (ISO/IEC 15948, 5.3 and annex D),
// JPEG's marker segments up to the end of image (ITU-T T.81, B.1.1).
#include "image/damage.hpp"

#include <array>
#include <cstring>

namespace basin::image {
namespace {

std::uint32_t big_endian(const std::uint8_t* p) {
  return std::uint32_t(p[0]) << 24 | std::uint32_t(p[1]) << 16 | std::uint32_t(p[2]) << 8 | p[3];
}

std::uint32_t checksum(const std::uint8_t* p, std::size_t n) {
  static const auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      table[i] = i;
      for (int k = 0; k < 8; ++k) table[i] = (table[i] >> 1) ^ (table[i] & 1 ? 0xEDB88320u : 0u);
    }
    return table;
  }();
  std::uint32_t crc = ~0u;
  for (std::size_t i = 0; i < n; ++i) crc = kTable[(crc ^ p[i]) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

const char* png_damage(const std::uint8_t* bytes, std::size_t size) {
  constexpr const char* kEndsEarly = "the PNG file ends early";
  for (std::size_t at = 8; at + 12 <= size;) {
    const std::size_t length = big_endian(bytes + at);
    if (length > size - at - 12) return kEndsEarly;
    if (checksum(bytes + at + 4, length + 4) != big_endian(bytes + at + 8 + length))
      return "the PNG file is damaged: a checksum is wrong";
    if (std::memcmp(bytes + at + 4, "IEND", 4) == 0) return nullptr;
    at += length + 12;
  }
  return kEndsEarly;
}

const char* jpeg_damage(const std::uint8_t* bytes, std::size_t size) {
  bool scanning = false;  // inside a scan's coded data, everything up to the next marker belongs to it
  std::size_t at = 2;
  while (at + 1 < size) {
    if (bytes[at] != 0xFF) {
      if (!scanning) return nullptr;  // not a segment: the decoder says what is wrong
      ++at;
      continue;
    }
    const std::uint8_t marker = bytes[at + 1];
    if (marker == 0xD9) return nullptr;  // end of image
    if (marker == 0xFF) {                // fill byte
      ++at;
    } else if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD7)) {  // stuffed zero, TEM, restart: no length
      at += 2;
    } else {
      if (at + 3 >= size) break;
      at += 2 + (std::size_t(bytes[at + 2]) << 8 | bytes[at + 3]);
      scanning = marker == 0xDA;
    }
  }
  return "the JPEG file ends early";
}

}  // namespace

const char* damage(const std::uint8_t* bytes, std::size_t size) {
  static const std::uint8_t kPng[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  if (size > 8 && std::memcmp(bytes, kPng, 8) == 0) return png_damage(bytes, size);
  if (size > 2 && bytes[0] == 0xFF && bytes[1] == 0xD8) return jpeg_damage(bytes, size);
  return nullptr;
}

}  // namespace basin::image
