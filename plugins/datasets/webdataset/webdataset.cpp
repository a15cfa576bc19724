// Shards in WebDataset's layout: tar archives in which the files of one sample stand behind each other and have a
// common name up to their first dot, the key: n01440764/12.jpg, n01440764/12.cls. Here a sample is one picture and, in
// .cls, the number of its class.
//
// The shards are looked through once, when the data set is opened; a picture is then read from its place in its shard.
#include <archive.h>
#include <archive_entry.h>

#include "../image_folder/pictures.hpp"

using namespace basin;
namespace fs = std::filesystem;

namespace {

struct Sample {
  std::string key;  // and the picture's ending
  size_t shard;
  int64_t at, bytes;  // of the picture in its shard; at 0: none was found
  int64_t label = -1;
};

// The members of a tar archive in their order (libarchive).
class Tar {
 public:
  explicit Tar(const std::string& file) : file_(file), archive_(archive_read_new()) {
    archive_read_support_format_tar(archive_.get());
    // Only to say that it is compressed.
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_filter_bzip2(archive_.get());
    archive_read_support_filter_xz(archive_.get());
    archive_read_support_filter_zstd(archive_.get());
    std::error_code ignored;
    length_ = static_cast<int64_t>(fs::file_size(file, ignored));
    if (archive_read_open_filename(archive_.get(), file.c_str(), 1 << 16) != ARCHIVE_OK) fail();
  }

  bool next() {
    const int status = archive_read_next_header(archive_.get(), &entry_);
    if (status == ARCHIVE_EOF) {
      // Two blocks of zeros close an archive; one that was cut between two members would look whole without them.
      if (length_ < end_ + 512) ends_early();
      return false;
    }
    if (status < ARCHIVE_WARN) fail();
    if (archive_filter_count(archive_.get()) > 1)
      throw error("The shard '" + file_ + "' is compressed (" + archive_filter_name(archive_.get(), 0) +
                      "), and pictures are read from it in any order: unpack it to a plain .tar.",
                  BASIN_ERROR_IO);
    at_ = archive_filter_bytes(archive_.get(), -1);  // behind the header
    end_ = at_ + (bytes() + 511) / 512 * 512;
    if (at_ + bytes() > length_) ends_early();
    return true;
  }

  std::string name() const {
    const char* found = archive_entry_pathname(entry_);
    return found ? found : "";
  }
  bool is_file() const { return archive_entry_filetype(entry_) == AE_IFREG && !archive_entry_hardlink(entry_); }
  bool is_folder() const { return archive_entry_filetype(entry_) == AE_IFDIR; }
  int64_t at() const { return at_; }
  int64_t bytes() const { return archive_entry_size(entry_); }
  std::string text() {  // of a short member
    std::string out(static_cast<size_t>(std::min<int64_t>(bytes(), 64)), '\0');
    if (archive_read_data(archive_.get(), out.data(), out.size()) < 0) fail();
    return out;
  }

 private:
  [[noreturn]] void ends_early() {
    throw error("The shard '" + file_ + "' ends early: fetch or write it again.", BASIN_ERROR_IO);
  }
  [[noreturn]] void fail() {
    const char* why = archive_error_string(archive_.get());
    if (end_ == 0 && std::string(why ? why : "") == "Unrecognized archive format")
      throw error("The file '" + file_ + "' is no tar archive.", BASIN_ERROR_NOT_FOUND);
    throw error("The shard '" + file_ + "' cannot be read: " + (why ? why : "it is damaged") + ".", BASIN_ERROR_IO);
  }
  struct Free {
    void operator()(archive* a) const { archive_read_free(a); }
  };
  std::string file_;
  std::unique_ptr<archive, Free> archive_;
  archive_entry* entry_ = nullptr;
  int64_t length_ = 0, at_ = 0, end_ = 0;
};

}  // namespace

struct WebDataset {
  static constexpr const char* name = "webdataset";
  static constexpr const char* summary = "Pictures in tar archives of WebDataset's layout, with labels in .cls.";
  std::string root, file;
  int64_t size, keep;

  static auto parameters() {
    return declare(folder("root", &WebDataset::root, "The folder with the shards, all its .tar files.").optional(),
                   basin::file("file", &WebDataset::file, "One shard, instead of root.").optional(),
                   pictures::size_option(&WebDataset::size), pictures::keep_option(&WebDataset::keep));
  }
  void check() const {
    if (root.empty() == file.empty())
      throw error("webdataset takes root, a folder with shards, or file, one shard; " +
                  std::string(root.empty() ? "neither was" : "both were") + " given.");
  }

  void open() {
    find_shards();
    for (size_t i = 0; i < shards_.size(); ++i) scan(i);
    if (samples_.empty()) throw error("There is no sample in '" + shards_[0] + "'.", BASIN_ERROR_IO);
    for (const Sample& sample : samples_) labels_.push_back(sample.label);
    classes_ = pictures::class_count(labels_, root + file);
    pictures_.open(
        {samples_.size(),
         [this](size_t i) { return "The picture '" + samples_[i].key + "' of '" + shards_[samples_[i].shard] + "'"; },
         [this](size_t i) {
           return pictures::read_bytes(shards_[samples_[i].shard], samples_[i].at, samples_[i].bytes);
         }},
        size, keep);
  }

  DatasetInfo describe() const {
    DatasetInfo info;
    info.count = static_cast<int64_t>(samples_.size()), info.height = info.width = pictures_.size();
    info.classes = classes_;
    info.reference = fs::path(root + file).lexically_normal().string() + ", " + std::to_string(shards_.size()) +
                     (shards_.size() == 1 ? " shard, " : " shards, ") + pictures_.text();
    return info;
  }

  void read(Span<const int64_t> indices, void* values, int64_t* labels) {
    pictures_.read(indices, labels_, values, labels);
  }

 private:
  void find_shards() {
    if (!file.empty()) return shards_.push_back(file);
    std::error_code failed;
    for (fs::directory_iterator i(root, failed), end; !failed && i != end; i.increment(failed))
      if (i->path().extension() == ".tar") shards_.push_back(i->path().string());
    if (failed) throw error("The folder '" + root + "' cannot be read: " + failed.message() + ".", BASIN_ERROR_IO);
    if (shards_.empty()) throw error("There is no shard in '" + root + "', no .tar file.", BASIN_ERROR_NOT_FOUND);
    std::sort(shards_.begin(), shards_.end());
  }

  void scan(size_t shard) {
    Tar tar(shards_[shard]);
    std::string key;  // of the sample that is being put together, the last of samples_
    while (tar.next()) {
      const std::string member = tar.name();
      pictures::check_member(shards_[shard], member);
      const size_t base = member.rfind('/') + 1, dot = member.find('.', base);  // npos + 1 is 0
      if (tar.is_folder() || dot == member.npos || dot == base) continue;       // no key: no part of a sample
      if (!tar.is_file())
        throw error("The shard '" + shards_[shard] + "' has a link '" + member + "', and files were expected.",
                    BASIN_ERROR_IO);
      if (const std::string found = member.substr(0, dot); found != key) {
        finish(shard, key);
        key = found;
        samples_.push_back({key, shard, 0, 0});
      }
      take(tar, member, member.substr(dot + 1));
    }
    finish(shard, key);
  }

  void take(Tar& tar, const std::string& member, const std::string& ending) {
    Sample& sample = samples_.back();
    if (ending == "cls") {
      const std::string text = tar.text();
      char* end = nullptr;
      sample.label = std::strtoll(text.c_str(), &end, 10);
      if (end == text.c_str() ||
          text.find_first_not_of(" \r\n\t", static_cast<size_t>(end - text.c_str())) != text.npos || sample.label < 0)
        throw error("The member '" + member + "' of '" + shards_[sample.shard] + "' is '" + text.substr(0, 20) +
                        "', and the number of a class was expected.",
                    BASIN_ERROR_IO);
    } else if (ending.find('.') == ending.npos && pictures::is_picture("x." + ending)) {
      if (sample.at)
        throw error("The sample '" + sample.key + "' of '" + shards_[sample.shard] +
                        "' has two pictures, and one was expected.",
                    BASIN_ERROR_IO);
      sample.key = member, sample.at = tar.at(), sample.bytes = tar.bytes();
    }
  }

  void finish(size_t shard, const std::string& key) const {
    if (!key.empty() && !samples_.back().at)
      throw error("The sample '" + key + "' of '" + shards_[shard] +
                      "' has no picture: a file KEY.png, .jpg, .jpeg, .bmp or .webp was expected.",
                  BASIN_ERROR_IO);
  }

  std::vector<std::string> shards_;
  std::vector<Sample> samples_;
  std::vector<int64_t> labels_;  // [N]
  int64_t classes_ = 0;
  pictures::Store pictures_;
};

BASIN_PLUGIN("webdataset", "0.1.0", "Apache-2.0", "Tar archives of pictures, in WebDataset's layout.",
             basin::DatasetComponent<WebDataset>)
