// Files that are read whole or not at all, and written so that a crash or a full disk leaves the old one as it was.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace basin {

// Reads a regular file, the one of that name when it was opened: one that is renamed to the name later is not seen. Every
// failure is an Error (BASIN_ERROR_IO) that names it.
class FileReader {
 public:
  explicit FileReader(const std::filesystem::path& file);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  const std::filesystem::path& file() const { return file_; }
  uint64_t size() const { return size_; }             // bytes, when it was opened
  bool changed() const;                               // someone has written into it since
  size_t read_some(void* out, size_t count);          // 0 at the end
  void read(void* out, size_t count, uint64_t from);  // exactly; Error: the file ends early

 private:
  std::filesystem::path file_;
  int fd_ = -1;
  uint64_t size_ = 0;
  int64_t written_[2];  // when, in s and ns
};

// Writes under a temporary name beside the file; commit() syncs and renames. Without it nothing is left behind. The
// Error says what the system said and that an older file is as it was.
class FileWriter {
 public:
  explicit FileWriter(const std::filesystem::path& file);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void write(const void* bytes, size_t count);
  void commit();

 private:
  [[noreturn]] void fail(const char* what);
  std::filesystem::path file_, temporary_;
  int fd_ = -1;
};

std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, std::string_view bytes);  // through FileWriter

// A folder and those above it. Error: what stands in the way.
void make_folders(const std::filesystem::path& folder);

}  // namespace basin
