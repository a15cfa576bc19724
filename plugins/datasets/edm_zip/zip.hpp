// A zip archive (also of more than 4 GiB) whose members are read in any order and on any thread, through libzip.
#pragma once
#include <zip.h>

#include <basin/basin.hpp>
#include <memory>
#include <mutex>

namespace archives {

using basin::error;

class Zip {
 public:
  struct Member {
    std::string name;
    zip_uint64_t index;
    uint64_t size;  // unpacked, in bytes
  };

  // error: no zip (NOT_FOUND), a damaged one, or one with a member that cannot be unpacked.
  void open(const std::string& file) {
    file_ = file;
    int code = 0;
    zip_.reset(zip_open(file.c_str(), ZIP_RDONLY, &code));
    if (!zip_) fail_to_open(code);
    const zip_int64_t count = zip_get_num_entries(zip_.get(), 0);
    for (zip_int64_t i = 0; i < count; ++i) {
      zip_stat_t info;
      if (zip_stat_index(zip_.get(), static_cast<zip_uint64_t>(i), 0, &info) != 0 || !(info.valid & ZIP_STAT_NAME))
        throw error("The archive '" + file + "' is damaged: its member " + std::to_string(i) + " has no entry.",
                    BASIN_ERROR_IO);
      const std::string name = info.name;
      if (name.empty() || name.back() == '/') continue;  // a folder
      if ((info.valid & ZIP_STAT_ENCRYPTION_METHOD) && info.encryption_method != ZIP_EM_NONE)
        throw error("The archive '" + file + "' is encrypted ('" + name + "' is): write it again without a password.",
                    BASIN_ERROR_IO);
      if ((info.valid & ZIP_STAT_COMP_METHOD) && !zip_compression_method_supported(info.comp_method, 0))
        throw error("The archive '" + file + "' has '" + name + "' compressed by method " +
                        std::to_string(info.comp_method) + ", which is not known here: write it stored or deflated.",
                    BASIN_ERROR_IO);
      members_.push_back({name, static_cast<zip_uint64_t>(i), info.size});
    }
  }

  const std::vector<Member>& members() const { return members_; }
  const Member* find(const std::string& name) const {
    for (const Member& member : members_)
      if (member.name == name) return &member;
    return nullptr;
  }

  // One member from its beginning on. A Zip has one thread at a time, which the caller sees to.
  class Stream {
   public:
    Stream(const Zip& zip, const Member& member)
        : what_("The member '" + member.name + "' of '" + zip.file_ + "'"),
          file_(zip_fopen_index(zip.zip_.get(), member.index, 0)) {
      if (!file_) fail(zip_strerror(zip.zip_.get()));
    }
    void read(void* out, uint64_t count) {
      auto* to = static_cast<char*>(out);
      while (count > 0) {
        const zip_int64_t n = zip_fread(file_.get(), to, count);
        if (n < 0) fail(zip_file_strerror(file_.get()));
        if (n == 0) fail("it ends early");
        to += n, count -= static_cast<uint64_t>(n);
      }
    }
    // After the last byte: what was read had the checksum that it should have.
    void finish() {
      char more;
      if (zip_fread(file_.get(), &more, 1) < 0) fail(zip_file_strerror(file_.get()));
    }

   private:
    [[noreturn]] void fail(const std::string& why) {
      throw error(what_ + " cannot be read: " + why + ".", BASIN_ERROR_IO);
    }
    struct Close {
      void operator()(zip_file_t* file) const { zip_fclose(file); }
    };
    std::string what_;
    std::unique_ptr<zip_file_t, Close> file_;
  };

  std::vector<uint8_t> read(const Member& member) {  // [any thread]
    if (member.size > largest)
      throw error("The member '" + member.name + "' of '" + file_ + "' has " + std::to_string(member.size) +
                      " bytes, which is too much for a picture.",
                  BASIN_ERROR_IO);
    std::vector<uint8_t> bytes(member.size);
    std::lock_guard lock(mutex_);
    Stream stream(*this, member);
    stream.read(bytes.data(), bytes.size());
    stream.finish();
    return bytes;
  }

 private:
  static constexpr uint64_t largest = uint64_t{1} << 30;

  [[noreturn]] void fail_to_open(int code) {
    zip_error_t why;
    zip_error_init_with_code(&why, code);
    const std::string text = zip_error_strerror(&why);
    zip_error_fini(&why);
    char begin[4] = {};
    if (std::FILE* in = std::fopen(file_.c_str(), "rb")) {
      const bool some = std::fread(begin, 1, 4, in) == 4;
      std::fclose(in);
      if (some && std::memcmp(begin, "PK\3\4", 4) == 0 && code == ZIP_ER_NOZIP)
        throw error("The archive '" + file_ + "' ends early: it begins as a zip, and its list of members is not there.",
                    BASIN_ERROR_IO);
    }
    if (code == ZIP_ER_NOZIP) throw error("The file '" + file_ + "' is no zip archive.", BASIN_ERROR_NOT_FOUND);
    throw error("The archive '" + file_ + "' cannot be read: " + text + ".", BASIN_ERROR_IO);
  }

  struct Discard {
    void operator()(zip_t* zip) const { zip_discard(zip); }
  };
  std::string file_;
  std::unique_ptr<zip_t, Discard> zip_;
  std::vector<Member> members_;
  std::mutex mutex_;
};

}  // namespace archives
