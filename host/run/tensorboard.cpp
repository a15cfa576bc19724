// TensorBoard's event files, encoded by hand: three messages and a checksum are not worth a dependency.
#include "run/tensorboard.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "abi/error.hpp"

namespace basin {
namespace {

// Protocol buffers: a key (field << 3 | wire type), then a varint, 8 bytes, 4 bytes or a length and its bytes.
enum Wire : uint32_t { kVarint = 0, kDouble = 1, kBytes = 2, kFloat = 5 };

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_key(std::string& out, uint32_t field, Wire wire) { put_varint(out, field << 3 | wire); }

template <class T>
void put_raw(std::string& out, T value) {  // little-endian, as this machine is
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_bytes(std::string& out, uint32_t field, const std::string& bytes) {
  put_key(out, field, kBytes);
  put_varint(out, bytes.size());
  out += bytes;
}

uint32_t masked_crc(const void* bytes, size_t count) {
  uint32_t crc = crc32c(bytes, count);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

constexpr uint32_t kFileVersion = 3, kSummary = 5, kSessionLog = 7;  // fields of Event

}  // namespace

uint32_t crc32c(const void* bytes, size_t count) {
  static const auto table = [] {
    std::array<uint32_t, 256> out{};
    for (uint32_t i = 0; i < 256; i++) {
      out[i] = i;
      for (int bit = 0; bit < 8; bit++) out[i] = out[i] >> 1 ^ (out[i] & 1 ? 0x82f63b78u : 0);
    }
    return out;
  }();
  uint32_t crc = ~0u;
  for (auto* p = static_cast<const uint8_t*>(bytes); count > 0; count--, p++) crc = crc >> 8 ^ table[(crc ^ *p) & 255];
  return ~crc;
}

EventWriter::EventWriter(const std::filesystem::path& folder, int64_t first_step) {
  static std::atomic<int> next{0};
  char host[128] = "host";
  ::gethostname(host, sizeof host - 1);
  file_ = folder / ("events.out.tfevents." + std::to_string(static_cast<int64_t>(now())) + "." + host + "." +
                    std::to_string(::getpid()) + "." + std::to_string(next++));
  fd_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd_ < 0) throw Error("'" + file_.string() + "' cannot be written: " + std::strerror(errno), BASIN_ERROR_IO);
  event(0, kFileVersion, "brain.Event:2");
  if (first_step > 0) {
    std::string start;
    put_key(start, 1, kVarint);  // SessionLog.status
    put_varint(start, 1);        // START
    event(first_step, kSessionLog, start);
  }
}

EventWriter::~EventWriter() {
  if (fd_ >= 0) ::close(fd_);
}

void EventWriter::event(int64_t step, uint32_t field, const std::string& content) {
  std::string body;
  put_key(body, 1, kDouble);
  put_raw(body, now());
  put_key(body, 2, kVarint);
  put_varint(body, static_cast<uint64_t>(step));
  put_bytes(body, field, content);
  std::string record;
  put_raw<uint64_t>(record, body.size());
  put_raw(record, masked_crc(record.data(), sizeof(uint64_t)));
  record += body;
  put_raw(record, masked_crc(body.data(), body.size()));
  for (size_t at = 0; at < record.size();) {
    ssize_t n = ::write(fd_, record.data() + at, record.size() - at);
    if (n < 0 && errno != EINTR)
      throw Error("'" + file_.string() + "' cannot be written: " + std::strerror(errno), BASIN_ERROR_IO);
    if (n > 0) at += static_cast<size_t>(n);
  }
}

void EventWriter::scalars(int64_t step, const std::vector<std::pair<std::string, double>>& values) {
  std::string summary;
  for (const auto& [tag, number] : values) {
    std::string value;
    put_bytes(value, 1, tag);
    put_key(value, 2, kFloat);  // simple_value
    put_raw(value, static_cast<float>(number));
    put_bytes(summary, 1, value);
  }
  if (!summary.empty()) event(step, kSummary, summary);
}

void EventWriter::image(int64_t step, const std::string& tag, const std::string& png) {
  // Signature, then the header's length and name, then width and height, big-endian (PNG 1.2, 11.2.2).
  if (!png.starts_with("\x89PNG\r\n\x1a\n") || png.size() < 24) throw Error("'" + tag + "' is no PNG", BASIN_ERROR_IO);
  const auto number_at = [&](size_t at) {
    uint64_t value = 0;
    for (size_t i = 0; i < 4; i++) value = value << 8 | static_cast<uint8_t>(png[at + i]);
    return value;
  };
  std::string picture, value, summary;
  put_key(picture, 1, kVarint), put_varint(picture, number_at(20));  // height
  put_key(picture, 2, kVarint), put_varint(picture, number_at(16));  // width
  put_key(picture, 3, kVarint), put_varint(picture, 3);              // colorspace: RGB
  put_bytes(picture, 4, png);                                        // encoded_image_string
  put_bytes(value, 1, tag);
  put_bytes(value, 4, picture);
  put_bytes(summary, 1, value);
  event(step, kSummary, summary);
}

}  // namespace basin
