// CIFAR-10 in its binary layout (Krizhevsky 2009): files of 10,000 records, one label byte and then 1024 red, 1024
// green and 1024 blue bytes, rows from the top.
//
// All pixels are read when the data set is opened, at the size that was asked for.
#include <basin/basin.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace basin;

namespace {

namespace fs = std::filesystem;
constexpr int64_t side = 32, pixels = 3 * side * side, record = 1 + pixels, records = 10000;
constexpr const char* classes[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                   "dog",      "frog",       "horse", "ship", "truck"};
constexpr const char* batches = "cifar-10-batches-bin";

// The mean of each square of `factor` x `factor` pixels, rounded half up: [3,32,32] -> [3,32/factor,32/factor].
void shrink(const uint8_t* in, int64_t factor, uint8_t* out) {
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

}  // namespace

struct Cifar10 {
  static constexpr const char* name = "cifar10";
  static constexpr const char* summary = "CIFAR-10 in its binary layout: 60,000 photographs of ten kinds, 32x32.";
  std::string root, split;
  int64_t size;

  static auto parameters() {
    return declare(
        folder("root", &Cifar10::root, "The folder with data_batch_1.bin, or the one that holds cifar-10-batches-bin."),
        choice("split", &Cifar10::split, "train", {"train", "test", "all"},
               "50,000 images to train on, 10,000 to test on, or both in this order."),
        integer("size", &Cifar10::size, 32,
                "Width and height: 32, or smaller (16, 8 and 4 by the mean of each square of pixels).")
            .between(4, side)
            .unit("pixels"));
  }

  void open() {
    fs::path at = root;
    if (std::error_code e; fs::is_directory(at / batches, e)) at /= batches;
    std::vector<std::string> files;
    if (split != "test")
      for (int i = 1; i <= 5; ++i) files.push_back("data_batch_" + std::to_string(i) + ".bin");
    if (split != "train") files.push_back("test_batch.bin");
    images_.resize(files.size() * static_cast<size_t>(records * item_size()));
    labels_.resize(files.size() * records);
    for (size_t i = 0; i < files.size(); ++i) load(at / files[i], static_cast<int64_t>(i) * records);
  }

  DatasetInfo describe() {
    DatasetInfo info;
    info.count = static_cast<int64_t>(labels_.size()), info.height = info.width = size;
    info.classes = 10, info.class_names.assign(classes, classes + 10);
    info.reference = "CIFAR-10 " + split + ", " + std::to_string(info.count) + " images";
    if (size != side) info.reference += " at " + std::to_string(size) + "x" + std::to_string(size);
    return info;
  }

  void read(Span<const int64_t> indices, void* values, int64_t* labels) const {
    auto* out = static_cast<uint8_t*>(values);  // [n,3,size,size]
    for (size_t i = 0; i < indices.size(); ++i) {
      std::memcpy(out + static_cast<int64_t>(i) * item_size(), images_.data() + indices[i] * item_size(),
                  static_cast<size_t>(item_size()));
      if (labels) labels[i] = labels_[static_cast<size_t>(indices[i])];
    }
  }

 private:
  int64_t item_size() const { return 3 * size * size; }

  // One file into the items from `first` on.
  void load(const fs::path& file, int64_t first) {
    std::error_code failed;
    const auto found = fs::file_size(file, failed);
    if (failed)
      throw error("CIFAR-10 needs the file '" + file.string() +
                      "', which is not there: give, as root, the folder of the binary version (data_batch_1.bin to "
                      "data_batch_5.bin, test_batch.bin) or the one above it.",
                  BASIN_ERROR_IO);
    if (found != records * record)
      throw error("The file '" + file.string() + "' has " + std::to_string(found) +
                      " bytes, but a file of CIFAR-10's binary version has " + std::to_string(records * record) +
                      ": unpack it again.",
                  BASIN_ERROR_IO);
    std::vector<uint8_t> bytes(records * record);
    std::ifstream in(file, std::ios::binary);
    if (!in.read(reinterpret_cast<char*>(bytes.data()), records * record))
      throw error("The file '" + file.string() + "' cannot be read: check its permissions.", BASIN_ERROR_IO);
    for (int64_t i = 0; i < records; ++i)
      if (bytes[static_cast<size_t>(i * record)] > 9)
        throw error("The file '" + file.string() + "' is not CIFAR-10: record " + std::to_string(i) +
                        " has the label " + std::to_string(bytes[static_cast<size_t>(i * record)]) +
                        ", and labels are 0 to 9.",
                    BASIN_ERROR_IO);
    parallel_for(records, 256, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const uint8_t* source = bytes.data() + i * record;
        uint8_t* target = images_.data() + (first + i) * item_size();
        labels_[static_cast<size_t>(first + i)] = source[0];
        if (size == side) std::memcpy(target, source + 1, pixels);
        else if (side % size == 0) shrink(source + 1, side / size, target);
        else resize_image(source + 1, side, side, size, target);
      }
    });
  }

  std::vector<uint8_t> images_;  // [N,3,size,size]
  std::vector<uint8_t> labels_;  // [N]
};

BASIN_PLUGIN("cifar10", "0.1.0", "Apache-2.0", "CIFAR-10 from the files of its binary version.",
             basin::DatasetComponent<Cifar10>)
