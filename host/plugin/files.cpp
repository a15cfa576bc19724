// Reading and replacing files, over POSIX calls: streams lose the reason of a failure.
#include "plugin/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "abi/error.hpp"

namespace basin {
namespace {

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

// What the system said, and what can be done about it where that is not plain from the words.
std::string reason(int error) {
  const std::string said = std::strerror(error);
  if (error == EACCES) return said + " (give yourself the right to it: chmod u+r on the file, u+rx on its folders)";
  if (error == ELOOP) return said + " (a link leads back to itself: remove it, or link to the file)";
  return said;
}

}  // namespace

FileReader::FileReader(const std::filesystem::path& file) : file_(file) {
  fd_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not block
  struct stat info {};
  if (fd_ < 0 || ::fstat(fd_, &info) != 0) {
    std::string why = reason(errno);
    if (fd_ >= 0) ::close(fd_);
    throw Error(quoted(file) + " cannot be read: " + why, BASIN_ERROR_IO);
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(fd_);
    throw Error(quoted(file) + " cannot be read: it is no regular file", BASIN_ERROR_IO);
  }
  size_ = static_cast<uint64_t>(info.st_size);
  written_[0] = info.st_mtim.tv_sec, written_[1] = info.st_mtim.tv_nsec;
}

FileReader::~FileReader() { ::close(fd_); }

bool FileReader::changed() const {
  struct stat info {};
  return ::fstat(fd_, &info) != 0 || static_cast<uint64_t>(info.st_size) != size_ ||
         info.st_mtim.tv_sec != written_[0] || info.st_mtim.tv_nsec != written_[1];
}

size_t FileReader::read_some(void* out, size_t count) {
  ssize_t n;
  do n = ::read(fd_, out, count);
  while (n < 0 && errno == EINTR);
  if (n < 0) throw Error(quoted(file_) + " cannot be read: " + std::strerror(errno), BASIN_ERROR_IO);
  return static_cast<size_t>(n);
}

void FileReader::read(void* out, size_t count, uint64_t from) {
  auto* to = static_cast<char*>(out);
  while (count > 0) {
    ssize_t n = ::pread(fd_, to, std::min<size_t>(count, 1 << 30), static_cast<off_t>(from));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Error(quoted(file_) + " cannot be read: " + std::strerror(errno), BASIN_ERROR_IO);
    if (n == 0)
      throw Error(quoted(file_) + " ends early, at byte " + std::to_string(from) +
                      (changed() ? ": it was cut while it was being read; try again" : ""),
                  BASIN_ERROR_IO);
    to += n, from += static_cast<uint64_t>(n), count -= static_cast<size_t>(n);
  }
}

FileWriter::FileWriter(const std::filesystem::path& file) : file_(file) {
  static std::atomic<int> next{0};  // two threads may write files of the same name in turn
  temporary_ = file;
  temporary_ += ".part-" + std::to_string(::getpid()) + "-" + std::to_string(next++);
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd_ < 0) fail("written");
}

FileWriter::~FileWriter() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

void FileWriter::fail(const char* what) {
  std::string why = std::strerror(errno);
  std::error_code ignored;
  bool old = std::filesystem::exists(file_, ignored);
  if (fd_ >= 0) ::close(fd_), ::unlink(temporary_.c_str()), fd_ = -1;
  throw Error(quoted(file_) + " cannot be " + what + ": " + why + (old ? "; the file that was there is as it was" : ""),
              BASIN_ERROR_IO);
}

void FileWriter::write(const void* bytes, size_t count) {
  auto* from = static_cast<const char*>(bytes);
  while (count > 0) {
    ssize_t n = ::write(fd_, from, std::min<size_t>(count, 1 << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("written");
    from += n, count -= static_cast<size_t>(n);
  }
}

void FileWriter::commit() {
  if (::fsync(fd_) != 0) fail("written");
  if (::rename(temporary_.c_str(), file_.c_str()) != 0) fail("replaced");
  ::close(fd_);
  fd_ = -1;
  // The new name must survive a power cut too; a folder that cannot be synced is no reason to lose the file.
  auto parent = file_.parent_path();
  if (int folder = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); folder >= 0) {
    (void)::fsync(folder);
    ::close(folder);
  }
}

std::string read_file(const std::filesystem::path& file) {
  FileReader in(file);
  std::string out(in.size(), '\0');
  in.read(out.data(), out.size(), 0);
  return out;
}

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  FileWriter out(file);
  out.write(bytes.data(), bytes.size());
  out.commit();
}

void make_folders(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error && std::filesystem::is_directory(folder, error)) return;
  throw Error("the folder " + quoted(folder) + " cannot be made: " + (error ? error.message() : "a file has its name"),
              BASIN_ERROR_IO);
}

}  // namespace basin
