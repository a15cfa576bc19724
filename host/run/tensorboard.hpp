// A file of TensorBoard events for scalars and pictures, so that a run can be watched there too.
//
// Records as TFRecord has them (tensorflow/core/lib/io/record_writer.h): length, masked CRC-32C of the length, an
// Event, masked CRC-32C of it. Events as tensorflow/core/util/event.proto and framework/summary.proto number their
// fields.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace basin {

class EventWriter {
 public:
  // Starts a file in `folder`. first_step > 0: a restart, after which TensorBoard forgets older values from there on.
  EventWriter(const std::filesystem::path& folder, int64_t first_step);
  ~EventWriter();
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  // Written at once. Error: the disk is full, or the like.
  void scalars(int64_t step, const std::vector<std::pair<std::string, double>>& values);
  void image(int64_t step, const std::string& tag, const std::string& png);  // Error: it is no PNG
  const std::filesystem::path& file() const { return file_; }

 private:
  void event(int64_t step, uint32_t field, const std::string& content);  // field of the Event that holds content
  std::filesystem::path file_;
  int fd_ = -1;
};

uint32_t crc32c(const void* bytes, size_t count);  // Castagnoli (RFC 3720, B.4)

}  // namespace basin
