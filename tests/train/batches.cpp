// Which images a training step sees: every item once an epoch, in an order of (seed, epoch) alone, half of them
// flipped.
#include "data/batches.hpp"

#include <atomic>

#include "support.hpp"

namespace {

using namespace test;
using basin::Batch;
using basin::Batches;

// A float data set whose item i is the number i, so that a batch says what it holds.
std::shared_ptr<basin::Dataset> numbers(int64_t count, int64_t broken = -1) {
  return dataset("numbered", {{"count", count}, {"broken", broken}});
}
std::vector<int64_t> items_of(const Batch& batch) {
  std::vector<int64_t> out;
  for (int64_t i = 0; i < batch.x0.size(0); i++)
    out.push_back(static_cast<int64_t>(batch.x0[i].flatten()[0].item<float>()));
  return out;
}
// The items of so many positions of a run, in order.
std::vector<int64_t> sequence(int64_t count, uint64_t seed, int64_t batch, int64_t positions, int64_t first_step = 0) {
  Batches batches(numbers(count), seed, batch, true, first_step);
  std::vector<int64_t> out;
  while (static_cast<int64_t>(out.size()) < positions)
    for (int64_t item : items_of(batches.next())) out.push_back(item);
  out.resize(static_cast<size_t>(positions));
  return out;
}

}  // namespace

TEST_CASE("every item comes once an epoch, whatever the batch size, and epochs differ in order") {
  for (int64_t batch : {1, 4, 7, 10, 23}) {
    const auto order = sequence(10, 3, batch, 50);
    std::set<std::vector<int64_t>> orders;
    for (int64_t epoch = 0; epoch < 5; epoch++) {
      std::vector<int64_t> items(order.begin() + epoch * 10, order.begin() + (epoch + 1) * 10);
      orders.insert(items);
      std::sort(items.begin(), items.end());
      CHECK(items == std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    }
    CHECK(orders.size() == 5);
  }
}

TEST_CASE("the order depends on the seed and the epoch alone") {
  const auto order = sequence(12, 3, 4, 60);
  CHECK(sequence(12, 3, 5, 60) == order);  // not on the batch size
  CHECK(sequence(12, 3, 4, 60) == order);
  CHECK(sequence(12, 4, 4, 60) != order);
  CHECK(sequence(12, 3, 4, 12) == std::vector<int64_t>(order.begin(), order.begin() + 12));
}

TEST_CASE("a start at step k gives the batches of a run that came there") {
  for (int64_t k : {1, 2, 3, 7, 31}) {
    const auto whole = sequence(10, 9, 4, 200);
    CHECK(sequence(10, 9, 4, 40, k) == std::vector<int64_t>(whole.begin() + 4 * k, whole.begin() + 4 * k + 40));
  }
  // and with flips
  const auto data = dataset("shapes", {{"count", int64_t{30}}, {"size", int64_t{8}}});
  Batches whole(data, 2, 8, true, 0), later(data, 2, 8, true, 5);
  Batch batch;
  for (int64_t i = 0; i < 5; i++) batch = whole.next();
  for (int64_t i = 5; i < 12; i++) {
    batch = whole.next();
    const Batch same = later.next();
    CHECK(batch.step == i);
    CHECK(same.step == i);
    CHECK(same_bits(batch.x0, same.x0));
    CHECK(same_bits(batch.labels, same.labels));
  }
}

TEST_CASE("about half of the images are mirrored left to right, and never where nobody asked") {
  const int64_t count = 50, batch = 25, steps = 40;
  const auto data = dataset("shapes", {{"count", count}, {"size", int64_t{8}}});
  std::vector<int64_t> all(count);
  for (int64_t i = 0; i < count; i++) all[static_cast<size_t>(i)] = i;
  Tensor labels;
  const Tensor images = data->images(all, &labels);
  for (bool flip : {true, false}) {
    Batches batches(data, 6, batch, flip, 0);
    int64_t mirrored = 0, found = 0;
    std::map<int64_t, std::pair<int, int>> by_item;  // as it is, mirrored
    for (int64_t step = 0; step < steps; step++) {
      const Batch b = batches.next();
      for (int64_t row = 0; row < batch; row++)
        for (int64_t i = 0; i < count; i++) {
          const bool as_it_is = at::equal(b.x0[row], images[i]), other = at::equal(b.x0[row], images[i].flip({2}));
          if (!as_it_is && !other) continue;
          CHECK(b.labels[row].item<int64_t>() == labels[i].item<int64_t>());
          found++;
          mirrored += other && !as_it_is;
          (as_it_is ? by_item[i].first : by_item[i].second)++;
        }
    }
    CHECK(found == batch * steps);
    if (!flip) CHECK(mirrored == 0);
    else {
      CHECK(std::abs(static_cast<double>(mirrored) - 500) < 4 * std::sqrt(250));
      int64_t both = 0;  // one image is mirrored in some epochs and not in others
      for (const auto& [item, times] : by_item) both += times.first > 0 && times.second > 0;
      CHECK(both == count);
    }
  }
}

TEST_CASE("values that are no pixels are never mirrored") {
  const auto data = dataset("gaussian", {{"count", int64_t{6}}, {"size", int64_t{4}}});
  Batches batches(data, 1, 6, true, 0);
  const std::vector<int64_t> all = {0, 1, 2, 3, 4, 5};
  const Tensor items = data->images(all);
  for (int epoch = 0; epoch < 4; epoch++) {
    const Tensor batch = batches.next().x0;
    for (int64_t row = 0; row < 6; row++) CHECK((items == batch[row]).flatten(1).all(1).sum().item<int64_t>() == 1);
  }
}

TEST_CASE("a failure of the data set arrives where its batch is asked for, and those before it are good") {
  Batches batches(numbers(20, 13), 1, 1, true, 0);
  const auto order = sequence(20, 1, 1, 20);
  const auto at = std::find(order.begin(), order.end(), 13) - order.begin();
  for (int64_t i = 0; i < at; i++)
    CHECK(items_of(batches.next()) == std::vector<int64_t>{order[static_cast<size_t>(i)]});
  for (int again = 0; again < 2; again++)
    CHECK(says(refusal([&] { batches.next(); }), {"numbered", "item 13 is broken"}));
}

TEST_CASE("batches that nobody asks for are given up at once") {
  std::atomic<int64_t> reads = 0;
  const auto data = dataset("numbered", {{"reads", static_cast<int64_t>(reinterpret_cast<intptr_t>(&reads))}});
  for (int i = 0; i < 20; i++) Batches batches(data, 1, 3, true, 0);
  CHECK(reads <= 20 * 4);  // three batches ahead, and the one that waits for its place
  reads = 0;
  {
    Batches batches(data, 1, 3, true, 0);
    for (int i = 0; i < 6; i++) batches.next();
  }
  CHECK(reads >= 6);  // it counts
  CHECK(reads <= 6 + 4);
}
