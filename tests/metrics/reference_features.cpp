// Features of a reference that are kept for the next measurement: the same numbers, and never those of something else.
#include "measure/reference_features.hpp"
#include "support.hpp"

using namespace test;
using basin::ReferenceFeatures;

namespace {

std::shared_ptr<basin::Dataset> toy(int64_t count, int64_t seed) {
  return dataset("toy_data", {{"count", count}, {"seed", seed}});
}
double fid(std::shared_ptr<basin::Dataset> reference, const std::string& extractor = "toy_features") {
  const Options options{{"features", std::make_shared<const basin::Spec>(spec("model", extractor))}};
  return measure("fid", options, {nullptr, nullptr, toy(300, 2)}, std::move(reference))["fid"].value;
}

}  // namespace

TEST_CASE("a reference that was seen before gives the same bits, and another extractor its own") {
  const auto reference = toy(400, 3);
  const double fresh = fid(toy(400, 3)), fresh_doubled = fid(toy(400, 3), "toy_doubled");
  CHECK(fresh != fresh_doubled);
  for (int i = 0; i < 2; i++) {
    CHECK(fid(reference) == fresh);
    CHECK(fid(reference, "toy_doubled") == fresh_doubled);
  }
  CHECK(fid(toy(400, 4)) != fresh);
}

TEST_CASE("a reference's features are computed once") {
  const auto extractor = std::make_shared<const basin::Spec>(spec("model", "toy_forgetful"));
  const auto reference = toy(400, 3);  // three batches of 128 and one of 16
  const auto measured = [&] {
    return measure("fid", {{"features", extractor}}, {nullptr, nullptr, toy(300, 2)}, reference)["fid"].value;
  };
  const double fresh = measured();
  CHECK(measured() == fresh);
}

TEST_CASE("features are kept by data set, extractor and items, while the data set lives") {
  ReferenceFeatures kept;
  auto data = toy(400, 3);
  const Tensor features = at::arange(6, at::kFloat).view({2, 3}), before = features.clone();
  kept.keep({data, "one", 0, 2}, features);
  features.add_(1);
  const auto found = kept.find({data, "one", 0, 2});
  REQUIRE(found);
  CHECK(found->equal(before));
  found->add_(1);  // what a metric does with its own
  CHECK(kept.find({data, "one", 0, 2})->equal(before));
  CHECK(!kept.find({data, "two", 0, 2}));
  CHECK(!kept.find({data, "one", 2, 2}));
  CHECK(!kept.find({data, "one", 0, 1}));
  CHECK(!kept.find({toy(400, 3), "one", 0, 2}));

  const std::weak_ptr<basin::Dataset> gone = data;
  data.reset();
  CHECK(gone.expired());  // what is kept does not keep it
}

TEST_CASE("no more features are kept than a reference of moderate size has") {
  ReferenceFeatures kept;
  const auto data = toy(400, 3);
  const int64_t most = ReferenceFeatures::kMostBytes / 4 / 400;  // of an item's numbers
  kept.keep({data, "small", 0, 2}, at::zeros({2, most}));
  kept.keep({data, "large", 0, 2}, at::zeros({2, most + 1}));
  CHECK(kept.find({data, "small", 0, 2}));
  CHECK(!kept.find({data, "large", 0, 2}));
  for (int64_t i = 0; i < 400; i += 100) kept.keep({data, "whole", i, 100}, at::zeros({100, most}));
  CHECK(!kept.find({data, "small", 0, 2}));  // made room
  CHECK(kept.find({data, "whole", 300, 100}));
}
