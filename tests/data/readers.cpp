// The labels that the readers of pictures give, which scripts do not see, and batches of their items on any thread.
// Fixtures: make_fixtures.py, where picture k has the class k mod 3.
#include "data/dataset.hpp"
#include "data/images.hpp"
#include "image/image.hpp"

#include "catch.hpp"

using namespace basin;

namespace {

std::shared_ptr<Dataset> open(const std::string& name, const std::string& option, const std::string& fixture) {
  static const bool once = [] {
    add_abi_interfaces();
    add_plugin_interfaces();
    add_image_interface();
    Registry::instance().search({BASIN_BUILD "/plugins"});
    return true;
  }();
  (void)once;
  const Component& component = Registry::instance().find("dataset", name);
  return Dataset::open(check_options(component, {{option, BASIN_TESTS "/data/fixtures/" + fixture, "test"}}));
}

// Of all items, read backwards.
std::vector<int64_t> labels(const Dataset& data) {
  std::vector<int64_t> items;
  for (int64_t i = data.count(); i-- > 0;) items.push_back(i);
  Tensor found;
  data.read(items, &found);
  found = found.flip({0}).contiguous();
  return {found.const_data_ptr<int64_t>(), found.const_data_ptr<int64_t>() + found.numel()};
}

using Labels = std::vector<int64_t>;

}  // namespace

TEST_CASE("each reader gives each picture its label") {
  CHECK(labels(*open("npz", "file", "npz/labelled.npz")) == Labels{0, 1, 2, 0, 1});  // int64
  CHECK(labels(*open("npz", "file", "npz/deflated.npz")) == Labels{0, 1, 2, 0, 1});  // uint8
  CHECK(labels(*open("npz", "file", "npz/unlabelled.npz")) == Labels(5, -1));
  if (!image::available()) {
    WARN("not tested: there is no OpenCV here");
    return;
  }
  CHECK(labels(*open("edm_zip", "file", "zip/stored.zip")) == Labels{0, 1, 2, 0, 1});
  CHECK(labels(*open("edm_zip", "file", "zip/deflated.zip")) == Labels{0, 1, 2, 0, 1});  // listed backwards
  CHECK(labels(*open("edm_zip", "file", "zip/zip64.zip")) == Labels{0, 1, 2, 0, 1});
  CHECK(labels(*open("edm_zip", "file", "zip/unlabelled.zip")) == Labels(5, -1));
  CHECK(labels(*open("webdataset", "root", "shards")) == Labels{0, 1, 2, 0, 1, 2});
  CHECK(labels(*open("webdataset", "file", "tar/unlabelled.tar")) == Labels{-1, -1});
  CHECK(labels(*open("image_folder", "root", "folder")) == Labels{0, 0, 1, 1, 2, 2});
}
