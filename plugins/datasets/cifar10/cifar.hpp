// What CIFAR-10 and CIFAR-100 (Krizhevsky 2009) have in common: files of records, each of one or two label bytes and
// then 1024 red, 1024 green and 1024 blue bytes, rows from the top.
//
// All pixels are read when the data set is opened, at the size that was asked for.
#pragma once
#include <basin/basin.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace cifar {

namespace fs = std::filesystem;
using basin::error;
constexpr int64_t side = 32, pixels = 3 * side * side;

struct File {
  const char* name;
  int64_t records;
};

struct Layout {
  const char* title;        // "CIFAR-10"
  const char* folder;       // that its archive unpacks to
  int64_t labels;           // bytes of labels in a record
  std::vector<File> files;  // all that there are
};

// The mean of each square of `factor` x `factor` pixels, rounded half up: [3,32,32] -> [3,32/factor,32/factor].
inline void shrink(const uint8_t* in, int64_t factor, uint8_t* out) {
  const int64_t small = side / factor, area = factor * factor;
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t y = 0; y < small; ++y)
      for (int64_t x = 0; x < small; ++x) {
        int64_t sum = 0;
        for (int64_t i = 0; i < factor; ++i)
          for (int64_t j = 0; j < factor; ++j) sum += in[(c * side + y * factor + i) * side + x * factor + j];
        *out++ = static_cast<uint8_t>((sum + area / 2) / area);
      }
}

// The folder itself, or the one in it that the archive makes. error: none of the layout's files is there.
inline fs::path find(const Layout& layout, const std::string& root) {
  std::error_code ignored;
  for (const fs::path& at : {fs::path(root) / layout.folder, fs::path(root)})
    for (const File& file : layout.files)
      if (fs::exists(at / file.name, ignored)) return at;
  throw error("The folder '" + root + "' is no " + layout.title + ": the file '" + layout.files[0].name +
                  "', which is not there, or another of its binary version was looked for, here and in '" +
                  layout.folder + "'; basin data get fetches them.",
              BASIN_ERROR_NOT_FOUND);
}

class Images {
 public:
  // The records of `files`, with label byte number `label`, which is below `classes`.
  void load(const Layout& layout, const fs::path& folder, const std::vector<File>& files, int64_t label,
            int64_t classes, int64_t size) {
    size_ = size;
    int64_t count = 0;
    for (const File& file : files) count += file.records;
    images_.resize(static_cast<size_t>(count * item_size()));
    labels_.resize(static_cast<size_t>(count));
    int64_t first = 0;
    for (const File& file : files) {
      load(layout, folder / file.name, file.records, label, classes, first);
      first += file.records;
    }
  }

  // "CIFAR-10 train, 50000 images at 16x16", but for the names of the classes
  basin::DatasetInfo describe(const Layout& layout, const std::string& split) const {
    basin::DatasetInfo info;
    info.count = static_cast<int64_t>(labels_.size()), info.height = info.width = size_;
    info.reference = std::string(layout.title) + " " + split + ", " + std::to_string(info.count) + " images";
    if (size_ != side) info.reference += " at " + std::to_string(size_) + "x" + std::to_string(size_);
    return info;
  }

  void read(basin::Span<const int64_t> indices, void* values, int64_t* labels) const {
    auto* out = static_cast<uint8_t*>(values);  // [n,3,size,size]
    for (size_t i = 0; i < indices.size(); ++i) {
      std::memcpy(out + static_cast<int64_t>(i) * item_size(), images_.data() + indices[i] * item_size(),
                  static_cast<size_t>(item_size()));
      if (labels) labels[i] = labels_[static_cast<size_t>(indices[i])];
    }
  }

 private:
  int64_t item_size() const { return 3 * size_ * size_; }

  // One file into the items from `first` on, a block of records at a time.
  void load(const Layout& layout, const fs::path& file, int64_t records, int64_t label, int64_t classes,
            int64_t first) {
    const int64_t record = layout.labels + pixels, block = 10000;
    std::error_code failed;
    const auto found = fs::file_size(file, failed);
    if (failed)
      throw error(std::string(layout.title) + " needs the file '" + file.string() +
                      "', which is not there: unpack its archive again, or fetch it with basin data get.",
                  BASIN_ERROR_IO);
    if (static_cast<int64_t>(found) != records * record)
      throw error("The file '" + file.string() + "' has " + std::to_string(found) + " bytes, but a file of " +
                      layout.title + "'s binary version has " + std::to_string(records * record) + ": unpack it again.",
                  BASIN_ERROR_IO);
    std::vector<uint8_t> bytes(static_cast<size_t>(std::min(records, block) * record));
    std::ifstream in(file, std::ios::binary);
    for (int64_t done = 0; done < records; done += block) {
      const int64_t n = std::min(block, records - done);
      if (!in.read(reinterpret_cast<char*>(bytes.data()), n * record))
        throw error("The file '" + file.string() + "' cannot be read: check its permissions.", BASIN_ERROR_IO);
      for (int64_t i = 0; i < n; ++i)
        if (const int found_label = bytes[static_cast<size_t>(i * record + label)]; found_label >= classes)
          throw error("The file '" + file.string() + "' is not " + layout.title + ": record " +
                          std::to_string(done + i) + " has the label " + std::to_string(found_label) +
                          ", and labels are 0 to " + std::to_string(classes - 1) + ".",
                      BASIN_ERROR_IO);
      basin::parallel_for(n, 256, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          take(bytes.data() + i * record + layout.labels, bytes[static_cast<size_t>(i * record + label)],
               first + done + i);
      });
    }
  }

  void take(const uint8_t* source, uint8_t label, int64_t item) {
    uint8_t* target = images_.data() + item * item_size();
    labels_[static_cast<size_t>(item)] = label;
    if (size_ == side) std::memcpy(target, source, pixels);
    else if (side % size_ == 0) shrink(source, side / size_, target);
    else basin::resize_image(source, side, side, size_, target);
  }

  int64_t size_ = side;
  std::vector<uint8_t> images_;  // [N,3,size,size]
  std::vector<uint8_t> labels_;  // [N]
};

// `size`, the option that both have.
template <class T>
basin::Field<T> size_option(int64_t T::*field) {
  return basin::integer("size", field, side,
                        "Width and height: 32, or smaller (16, 8 and 4 by the mean of each square of pixels).")
      .between(4, side)
      .unit("pixels");
}

}  // namespace cifar
