// Picture files as the items of a data set, wherever their bytes lie: decoded when they are asked for, brought to one
// size as guided-diffusion does it, and kept in memory as long as all of them fit.
#pragma once
#include <basin/basin.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

namespace pictures {

using basin::error;

inline bool is_picture(const std::string& file) {
  std::string ending = std::filesystem::path(file).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* one : {".png", ".jpg", ".jpeg", ".bmp", ".webp"})
    if (ending == one) return true;
  return false;
}

// `count` bytes of a file from `at` on; count -1: all of them.
inline std::vector<uint8_t> read_bytes(const std::string& file, int64_t at = 0, int64_t count = -1) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (in && count < 0) count = static_cast<int64_t>(in.tellg()) - at;
  std::vector<uint8_t> bytes(static_cast<size_t>(std::max<int64_t>(count, 0)));
  if (!in || !in.seekg(at) || !in.read(reinterpret_cast<char*>(bytes.data()), count))
    throw error("The file '" + file + "' cannot be read, or has become shorter: check it and its permissions.",
                BASIN_ERROR_IO);
  return bytes;
}

// What an archive's members may not be called: unpacked by a careless program, they would land outside of its folder.
inline void check_member(const std::string& archive, const std::string& name) {
  const std::filesystem::path path(name);
  if (path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end())
    throw error("The archive '" + archive + "' has a member '" + name +
                    "', which leads out of the folder it is unpacked in: get it from where you can trust it.",
                BASIN_ERROR_IO);
}

// The number of classes that these labels are of: the largest and one more. -1, no label, may be among them.
inline int64_t class_count(const std::vector<int64_t>& labels, const std::string& file) {
  int64_t classes = 0;
  for (const int64_t label : labels) {
    if (label < -1 || label >= int64_t{1} << 31)
      throw error(
          "'" + file + "' has the label " + std::to_string(label) + ", and a class is a whole number from 0 on.",
          BASIN_ERROR_IO);
    classes = std::max(classes, label + 1);
  }
  return classes;
}

struct Source {
  size_t count = 0;
  std::function<std::string(size_t)> name;            // how errors call picture i
  std::function<std::vector<uint8_t>(size_t)> bytes;  // of its file [any thread]
};

class Store {
 public:
  // size: of the squares that pictures are brought to, in pixels; 0: the first one's, which all must have.
  // keep: MiB of decoded pictures.
  void open(Source source, int64_t size, int64_t keep) {
    source_ = std::move(source), size_ = size, cropped_ = size > 0;
    if (!cropped_) {
      const basin::ImageSize first = basin::decode_image(source_.bytes(0), source_.name(0), 0, nullptr);
      if (first.height != first.width)
        throw error(source_.name(0) + " is " + text(first) + " pixels, no square: " + remedy);
      size_ = first.height;
    }
    if (static_cast<int64_t>(source_.count) <= (keep << 20) / item_size()) {
      kept_.resize(source_.count * static_cast<size_t>(item_size()));
      states_ = std::make_unique<std::atomic<uint8_t>[]>(source_.count);
      for (size_t i = 0; i < source_.count; ++i) states_[i] = absent;
    }
  }

  int64_t size() const { return size_; }

  // "3 images at 64x64"
  std::string text() const { return std::to_string(source_.count) + " images at " + text({size_, size_}); }

  void read(basin::Span<const int64_t> indices, const std::vector<int64_t>& all_labels, void* values, int64_t* labels) {
    auto* out = static_cast<uint8_t*>(values);  // [n,3,size,size]
    basin::parallel_for(static_cast<int64_t>(indices.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const auto index = static_cast<size_t>(indices[static_cast<size_t>(i)]);
        item(index, out + i * item_size());
        if (labels) labels[i] = all_labels.empty() ? -1 : all_labels[index];
      }
    });
  }

 private:
  enum : uint8_t { absent, arriving, there };
  static constexpr const char* remedy = "give size = N, and every picture is cropped and resized to N x N.";
  static std::string text(basin::ImageSize s) { return std::to_string(s.width) + "x" + std::to_string(s.height); }
  int64_t item_size() const { return 3 * size_ * size_; }

  void decode(size_t index, uint8_t* out) const {
    const basin::ImageSize found = basin::decode_image(source_.bytes(index), source_.name(index), size_, out);
    if (!cropped_ && (found.height != size_ || found.width != size_))
      throw error(source_.name(index) + " is " + text(found) + " pixels, and the first picture is " +
                  text({size_, size_}) + ": " + remedy);
  }

  // Whoever reads a picture first keeps it for the others; nobody waits.
  void item(size_t index, uint8_t* out) {
    const auto bytes = static_cast<size_t>(item_size());
    uint8_t* place = kept_.empty() ? nullptr : kept_.data() + index * bytes;
    if (place && states_[index].load(std::memory_order_acquire) == there) {
      std::memcpy(out, place, bytes);
      return;
    }
    decode(index, out);
    uint8_t expected = absent;
    if (place && states_[index].compare_exchange_strong(expected, arriving)) {
      std::memcpy(place, out, bytes);
      states_[index].store(there, std::memory_order_release);
    }
  }

  Source source_;
  int64_t size_ = 0;
  bool cropped_ = false;
  std::vector<uint8_t> kept_;  // [N,3,size,size], or empty
  std::unique_ptr<std::atomic<uint8_t>[]> states_;
};

// The options `size` and `keep`, which all readers of pictures have.
template <class T>
basin::Field<T> size_option(int64_t T::*field) {
  return basin::integer("size", field, 0,
                        "Width and height, to which pictures are cropped and resized; 0: as they are, all of one size.")
      .between(0, 4096)
      .unit("pixels");
}
template <class T>
basin::Field<T> keep_option(int64_t T::*field) {
  return basin::integer("keep", field, 1024,
                        "Decoded pictures are kept in memory when all of them fit in this; 0: never.")
      .between(0, 1 << 30)
      .unit("MiB");
}

}  // namespace pictures
