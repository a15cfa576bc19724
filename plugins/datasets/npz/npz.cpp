// The .npz files in which guided-diffusion and EDM keep images: arr_0, uint8 [N,H,W,3], and arr_1, whole numbers [N],
// where there are labels.
//
// All pixels are read when the data set is opened, at the size that was asked for.
#include "npy.hpp"

#include "../image_folder/pictures.hpp"

using namespace basin;

struct Npz {
  static constexpr const char* name = "npz";
  static constexpr const char* summary = "Images in a NumPy archive, as guided-diffusion and EDM write them.";
  std::string file;
  int64_t size;
  bool labels;

  static auto parameters() {
    return declare(basin::file("file", &Npz::file, "The .npz file: arr_0, uint8 [N,H,W,3]; arr_1, labels [N]."),
                   pictures::size_option(&Npz::size),
                   boolean("labels", &Npz::labels, true, "Whether arr_1 is read where it is there."));
  }

  void open() {
    zip_.open(file);
    const archives::Zip::Member* images = zip_.find("arr_0.npy");
    if (!images) {
      std::string names;
      for (const auto& member : zip_.members()) names += (names.empty() ? "" : ", ") + member.name;
      throw error(
          "'" + file + "' has no array arr_0, in which images were expected; it has: " + names.substr(0, 200) + ".",
          BASIN_ERROR_NOT_FOUND);
    }
    read_images(*images);
    if (const auto* member = zip_.find("arr_1.npy"); member && labels) read_labels(*member);
  }

  DatasetInfo describe() const {
    DatasetInfo info;
    info.count = count_, info.height = height_, info.width = width_, info.classes = classes_;
    info.reference = std::filesystem::path(file).filename().string() + ", " + std::to_string(count_) + " images at " +
                     std::to_string(width_) + "x" + std::to_string(height_);
    return info;
  }

  void read(Span<const int64_t> indices, void* values, int64_t* out) const {
    auto* to = static_cast<uint8_t*>(values);  // [n,3,H,W]
    for (size_t i = 0; i < indices.size(); ++i) {
      std::memcpy(to + static_cast<int64_t>(i) * item_size(), images_.data() + indices[i] * item_size(),
                  static_cast<size_t>(item_size()));
      if (out) out[i] = labels_.empty() ? -1 : labels_[static_cast<size_t>(indices[i])];
    }
  }

 private:
  int64_t item_size() const { return 3 * height_ * width_; }
  std::string array(const char* which) const { return std::string("The array ") + which + " of '" + file + "'"; }

  void read_images(const archives::Zip::Member& member) {
    archives::Zip::Stream stream(zip_, member);
    const npz::Header header = npz::read_header(stream, member.size, array("arr_0"));
    const auto& shape = header.shape;
    if (header.type != "|u1" || shape.size() != 4 || shape[3] != 3 || shape[0] < 1 || shape[1] < 1 || shape[2] < 1)
      throw error(array("arr_0") + " is " + header.text() + ", and images are |u1 (N, H, W, 3): uint8, RGB.",
                  BASIN_ERROR_IO);
    count_ = shape[0];
    const int64_t height = shape[1], width = shape[2], area = height * width, block = 256;
    height_ = size ? size : height, width_ = size ? size : width;
    images_.resize(static_cast<size_t>(count_ * item_size()));
    std::vector<uint8_t> bytes(static_cast<size_t>(std::min(block, count_) * area * 3));
    for (int64_t done = 0; done < count_; done += block) {
      const int64_t n = std::min(block, count_ - done);
      stream.read(bytes.data(), static_cast<uint64_t>(n * area * 3));
      parallel_for(n, 16, [&](int64_t begin, int64_t end) {
        std::vector<uint8_t> planes(static_cast<size_t>(3 * area));
        for (int64_t i = begin; i < end; ++i) {
          const uint8_t* source = bytes.data() + i * area * 3;  // [H,W,3]
          for (int64_t c = 0; c < 3; ++c)
            for (int64_t p = 0; p < area; ++p) planes[static_cast<size_t>(c * area + p)] = source[3 * p + c];
          uint8_t* target = images_.data() + (done + i) * item_size();
          if (height_ == height && width_ == width) std::memcpy(target, planes.data(), planes.size());
          else resize_image(planes.data(), height, width, size, target);
        }
      });
    }
    stream.finish();
  }

  void read_labels(const archives::Zip::Member& member) {
    archives::Zip::Stream stream(zip_, member);
    const npz::Header header = npz::read_header(stream, member.size, array("arr_1"));
    const char order = header.type[0], kind = header.type[1];
    const auto width = static_cast<size_t>(std::strtol(header.type.c_str() + 2, nullptr, 10));
    if ((order != '<' && order != '|') || (kind != 'i' && kind != 'u') || width > 8 || header.shape.size() != 1)
      throw error(array("arr_1") + " is " + header.text() + ", and labels are whole numbers (N).", BASIN_ERROR_IO);
    if (header.shape[0] != count_)
      throw error(array("arr_1") + " has " + std::to_string(header.shape[0]) + " labels for " + std::to_string(count_) +
                      " images.",
                  BASIN_ERROR_IO);
    std::vector<uint8_t> bytes(static_cast<size_t>(count_) * width);
    stream.read(bytes.data(), bytes.size());
    stream.finish();
    for (int64_t i = 0; i < count_; ++i) {
      const uint8_t* at = bytes.data() + static_cast<size_t>(i) * width;  // little endian
      uint64_t value = kind == 'i' && at[width - 1] & 0x80 ? UINT64_MAX : 0;
      for (size_t b = width; b-- > 0;) value = value << 8 | at[b];
      labels_.push_back(static_cast<int64_t>(value));
    }
    classes_ = pictures::class_count(labels_, file);
  }

  archives::Zip zip_;
  int64_t count_ = 0, height_ = 0, width_ = 0, classes_ = 0;
  std::vector<uint8_t> images_;  // [N,3,H,W]
  std::vector<int64_t> labels_;  // [N], or empty
};

BASIN_PLUGIN("npz", "0.1.0", "Apache-2.0", "Images in NumPy's .npz files.", basin::DatasetComponent<Npz>)
