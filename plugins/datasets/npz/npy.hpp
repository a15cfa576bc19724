// The header of an array as NumPy writes it (the .npy format, versions 1 to 3).
#pragma once
#include <basin/basin.hpp>

#include "../edm_zip/zip.hpp"

namespace npz {

using basin::error;

// Of an array inside a .npz; its values follow in the stream, the last index fastest.
struct Header {
  std::string type;  // "|u1": uint8; "<i8": int64
  std::vector<int64_t> shape;
  std::string text() const {  // "|u1 (3, 8, 8, 3)"
    std::string list;
    for (const int64_t n : shape) list += (list.empty() ? "" : ", ") + std::to_string(n);
    return type + " (" + list + ")";
  }
};

// What stands behind 'key': in the Python literal of a header, up to `end`.
inline std::string field(const std::string& literal, const std::string& key, char end) {
  const size_t at = literal.find("'" + key + "':");
  if (at == literal.npos) return "";
  const size_t first = literal.find_first_not_of(' ', at + key.size() + 3), last = literal.find(end, first);
  return first == literal.npos || last == literal.npos ? "" : literal.substr(first, last - first);
}

// error: no array, a truncated one, or one whose size is not that of its member. who: "The array arr_0 of 'a.npz'".
inline Header read_header(archives::Zip::Stream& stream, uint64_t member_bytes, const std::string& who) {
  const auto fail = [&](const std::string& why) -> void { throw error(who + " " + why, BASIN_ERROR_IO); };
  unsigned char lead[12] = {};
  if (member_bytes < 10) fail("is no NumPy array.");
  stream.read(lead, 8);
  const bool numpy = std::memcmp(lead, "\x93NUMPY", 6) == 0 && lead[6] >= 1 && lead[6] <= 3;
  if (!numpy) fail("is no NumPy array.");
  const size_t width = lead[6] == 1 ? 2 : 4;  // bytes of the literal's length, little endian
  stream.read(lead + 8, width);
  uint64_t length = 0;
  for (size_t i = 0; i < width; ++i) length |= static_cast<uint64_t>(lead[8 + i]) << (8 * i);
  if (8 + width + length > member_bytes) fail("ends early, in its header.");
  std::string literal(length, '\0');
  stream.read(literal.data(), length);

  Header header;
  header.type = field(literal, "descr", ',');
  if (header.type.size() < 2 || header.type.front() != '\'') fail("is of a structured type, and uint8 was expected.");
  header.type = header.type.substr(1, header.type.size() - 2);
  if (field(literal, "fortran_order", ',') != "False")
    fail("is stored in Fortran's order: write it again through numpy.ascontiguousarray.");
  const std::string shape = field(literal, "shape", ')');
  if (shape.empty() || shape.front() != '(') fail("has no shape.");
  uint64_t bytes = static_cast<uint64_t>(std::strtoll(header.type.c_str() + 2, nullptr, 10));
  for (const char* at = shape.c_str() + 1; *at;) {
    char* end = nullptr;
    const int64_t n = std::strtoll(at, &end, 10);
    if (end == at) break;
    if (n < 0 || (n > 0 && bytes > member_bytes / static_cast<uint64_t>(n))) bytes = UINT64_MAX;
    else bytes *= static_cast<uint64_t>(n);
    header.shape.push_back(n);
    at = end + std::strspn(end, ", ");
    if (bytes == UINT64_MAX) break;
  }
  if (bytes != member_bytes - 8 - width - length)
    fail("says it is " + header.text() + ", and does not have as many bytes.");
  return header;
}

}  // namespace npz
