// Data sets out of files: which item is which, and what its label is. Pixels: the test.lua beside each plugin.
#include "data/dataset.hpp"
#include "data/images.hpp"
#include "image/image.hpp"
#include "plugin/options.hpp"
#include "plugin/support.hpp"

namespace {

using basin::Tensor;

std::shared_ptr<basin::Dataset> dataset(const std::string& name,
                                        const std::vector<std::pair<std::string, basin::Value>>& options) {
  start_host();
  static const bool once = [] {
    basin::add_abi_interfaces();
    basin::add_image_interface();
    basin::Registry::instance().search({BASIN_BUILD "/plugins"});
    return true;
  }();
  (void)once;
  std::vector<basin::Option> given;
  for (const auto& [option, value] : options) given.push_back({option, value, "test"});
  return basin::Dataset::open(basin::check_options(basin::Registry::instance().find("dataset", name), given));
}

struct Items {
  std::vector<int64_t> labels, reds;  // of each item, its label and the red byte of its first pixel
};
Items read(const basin::Dataset& data, const std::vector<int64_t>& indices) {
  Tensor labels;
  const Tensor items = data.read(indices, &labels);
  Items out;
  for (size_t i = 0; i < indices.size(); i++) {
    const auto row = static_cast<int64_t>(i);
    out.labels.push_back(labels[row].item<int64_t>());
    out.reds.push_back(items[row][0][0][0].item<int64_t>());
  }
  return out;
}

// A file of CIFAR-10's size, all zeros but for some records: their label and first red byte.
struct Record {
  int64_t index;
  char label, red;
};
void write_batch(const fs::path& file, const std::vector<Record>& records) {
  constexpr int64_t bytes = 3073;
  put(file, "");
  fs::resize_file(file, 10000 * bytes);
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  for (const Record& r : records) {
    out.seekp(r.index * bytes);
    out.put(r.label).put(r.red);
  }
}

}  // namespace

TEST_CASE("CIFAR-10: the five training files in order, then the test file, each item with its own label") {
  Scratch scratch;
  for (char file = 1; file <= 5; file++)
    write_batch(scratch.path / ("data_batch_" + std::to_string(file) + ".bin"),
                {{0, file, static_cast<char>(10 * file)},
                 {9999, static_cast<char>(file + 4), static_cast<char>(10 * file + 1)}});
  write_batch(scratch.path / "test_batch.bin", {{3, 8, 99}});
  const basin::Value root = scratch.path.string();

  const auto train = dataset("cifar10", {{"root", root}});
  CHECK(train->count() == 50000);
  const Items first = read(*train, {0, 10000, 20000, 30000, 40000, 1});
  CHECK(first.labels == std::vector<int64_t>{1, 2, 3, 4, 5, 0});
  CHECK(first.reds == std::vector<int64_t>{10, 20, 30, 40, 50, 0});
  const Items last = read(*train, {9999, 49999, 29999});
  CHECK(last.labels == std::vector<int64_t>{5, 9, 7});
  CHECK(last.reds == std::vector<int64_t>{11, 51, 31});

  const auto all = dataset("cifar10", {{"root", root}, {"split", std::string("all")}});
  CHECK(all->count() == 60000);
  CHECK(read(*all, {50003, 40000}).labels == std::vector<int64_t>{8, 5});
  const auto tested = dataset("cifar10", {{"root", root}, {"split", std::string("test")}, {"size", int64_t{16}}});
  CHECK(read(*tested, {3, 2}).labels == std::vector<int64_t>{8, 0});
  CHECK(tested->classes() == 10);
}

TEST_CASE("a folder of pictures: sorted by name, labelled by its first sub-folder, -1 where there is none") {
  Scratch scratch;
  const auto write = [&](const std::string& name, uint8_t red) {
    const fs::path file = scratch.path / name;
    fs::create_directories(file.parent_path());
    basin::image::Picture picture{4, 4, 3, std::vector<uint8_t>(4 * 4 * 3, red)};
    basin::image::write_png(file, picture);
  };
  try {
    write("zebra/2.png", 50);
  } catch (const basin::Error& e) {
    WARN("skipped: " << e.what());  // no OpenCV
    return;
  }
  write("ant/deep/er/9.PNG", 10);
  write("ant/1.png", 20);
  write("middle.png", 30);
  write("zebra/10.png", 40);
  put(scratch.path / "zebra/notes.txt", "no picture");
  fs::create_directory(scratch.path / "empty");  // a class without pictures is none
  for (int64_t keep : {0, 64}) {
    const auto data = dataset("image_folder", {{"root", scratch.path.string()}, {"size", int64_t{4}}, {"keep", keep}});
    REQUIRE(data->count() == 5);
    CHECK(data->classes() == 2);
    for (int pass = 0; pass < 2; pass++) {  // decoded, then kept
      const Items items = read(*data, {0, 1, 2, 3, 4});
      CHECK(items.reds == std::vector<int64_t>{20, 10, 30, 40, 50});
      CHECK(items.labels == std::vector<int64_t>{0, 0, -1, 1, 1});
      const Items backwards = read(*data, {4, 2, 0});
      CHECK(backwards.reds == std::vector<int64_t>{50, 30, 20});
      CHECK(backwards.labels == std::vector<int64_t>{1, -1, 0});
    }
  }
}
