// The host's table, errors, log, progress, parallel loops, and a plugin in plain C.
#include <set>
#include <thread>

#include "abi/log.hpp"
#include "support.hpp"

extern "C" basin_status plain_c_mean_of_squares(const basin_host*, const float*, int64_t, double*);

static const basin_log_interface& logs() { return table<basin_log_interface>(BASIN_LOG_INTERFACE); }
static const basin_parallel_interface& parallel() { return table<basin_parallel_interface>(BASIN_PARALLEL_INTERFACE); }

TEST_CASE("interfaces are found by id; unknown ones are null") {
  const basin_host* host = basin::host_table();
  REQUIRE(host->size == sizeof(basin_host));
  REQUIRE(host->abi_major == BASIN_ABI_MAJOR);
  for (const char* id : {BASIN_TENSOR_INTERFACE, BASIN_OPS_INTERFACE, BASIN_AUTOGRAD_INTERFACE, BASIN_RANDOM_INTERFACE,
                         BASIN_STATE_INTERFACE, BASIN_PARAMETERS_INTERFACE, BASIN_LAYER_INTERFACE, BASIN_LOG_INTERFACE,
                         BASIN_PARALLEL_INTERFACE}) {
    INFO(id);
    const auto& size = table<uint32_t>(id);
    REQUIRE(size > sizeof(uint32_t));
  }
  CHECK(host->get_interface(host, "basin.tensor/99") == nullptr);
  CHECK(host->get_interface(host, nullptr) == nullptr);
}

TEST_CASE("no function of a table is null") {
  const auto check = [](const auto& interface) {
    const auto* slots = reinterpret_cast<const void* const*>(&interface);
    for (size_t i = 1; i < sizeof interface / sizeof(void*); ++i) {
      INFO("slot " << i);
      CHECK(slots[i] != nullptr);
    }
  };
  check(tensors());
  check(ops());
  check(autograd());
  check(randoms());
  check(layers());
  check(table<basin_state_interface>(BASIN_STATE_INTERFACE));
  check(table<basin_parameters_interface>(BASIN_PARAMETERS_INTERFACE));
  check(logs());
  check(parallel());
}

TEST_CASE("the last error belongs to its thread") {
  basin::host_table()->set_error("here");
  std::thread([] {
    CHECK(sentence() == "");
    basin::host_table()->set_error("there");
  }).join();
  CHECK(sentence() == "here");
}

TEST_CASE("statuses say whose fault it was") {
  Handle a = at::ones({2}), b = at::ones({3});
  Handle out;
  CHECK(ops().add(a, b, 1, &out) == BASIN_ERROR_RUNTIME);
  CHECK(says("size of tensor a (2)"));
  CHECK_FALSE(says("Exception raised from"));  // no traces of the engine's source
  CHECK(ops().add(a, nullptr, 1, &out) == BASIN_ERROR_ARGUMENT);
  CHECK(says("null"));
  const int64_t sizes[] = {int64_t{1} << 50};
  CHECK(ops().full(sizes, 1, 0, BASIN_FLOAT32, nullptr, &out) == BASIN_ERROR_MEMORY);
  CHECK(sentence() == "out of memory on the CPU: 4194304.0 GiB could not be had");
  CHECK(ops().to(a, 12345, &out) == BASIN_ERROR_ARGUMENT);
  CHECK(says("12345"));
}

TEST_CASE("log lines and progress reach the host") {
  std::vector<std::string> lines;
  std::string library;
  basin::set_log_sink([&](int32_t severity, const std::string& line, const std::string& from) {
    lines.push_back((severity == BASIN_LOG_WARNING ? "W " : "I ") + line);
    library = from;
  });
  logs().write(BASIN_LOG_INFO, "one");
  logs().write(BASIN_LOG_WARNING, "two");
  basin::set_log_sink(nullptr);
  CHECK(lines == std::vector<std::string>{"I one", "W two"});
  CHECK(library.find("test-abi") != std::string::npos);

  std::string seen;
  basin::set_progress_sink([&](const std::string& what, int64_t done, int64_t total) {
    seen += what + std::to_string(done) + "/" + std::to_string(total) + " ";
  });
  ok(logs().progress("levels ", 1, 3));
  basin::interrupted() = true;
  CHECK(logs().progress("levels ", 2, 3) == BASIN_ERROR_INTERRUPTED);
  basin::interrupted() = false;
  basin::set_progress_sink(nullptr);
  CHECK(seen == "levels 1/3 levels 2/3 ");
}

TEST_CASE("parallel loops cover the range once, nest, and give the first failure") {
  std::vector<int> hits(100000);
  ok(parallel().run(
      static_cast<int64_t>(hits.size()), 1000,
      [](void* user, int64_t begin, int64_t end) -> basin_status {
        for (int64_t i = begin; i < end; ++i) ++static_cast<int*>(user)[i];
        return BASIN_OK;
      },
      hits.data()));
  CHECK(std::set<int>(hits.begin(), hits.end()) == std::set<int>{1});

  std::vector<int64_t> sums(8);
  ok(parallel().run(
      8, 1,
      [](void* user, int64_t begin, int64_t end) -> basin_status {
        for (int64_t i = begin; i < end; ++i) {
          const basin_status inner = parallel().run(
              1000, 10,
              [](void* sum, int64_t b, int64_t e) -> basin_status {
                *static_cast<int64_t*>(sum) += e - b;
                return BASIN_OK;
              },
              static_cast<int64_t*>(user) + i);
          if (inner != BASIN_OK) return inner;
        }
        return BASIN_OK;
      },
      sums.data()));
  CHECK(sums == std::vector<int64_t>(8, 1000));

  const basin_status status = parallel().run(
      64, 1,
      [](void*, int64_t begin, int64_t end) -> basin_status {
        if (begin > 40 || end <= 40) return BASIN_OK;
        basin::host_table()->set_error("item 40 is broken");
        return BASIN_ERROR_IO;
      },
      nullptr);
  CHECK(status == BASIN_ERROR_IO);
  CHECK(sentence() == "item 40 is broken");
  ok(parallel().run(
      0, 1, [](void*, int64_t, int64_t) -> basin_status { return BASIN_ERROR_IO; }, nullptr));
}

TEST_CASE("recording on the loop's threads is what it was outside") {
  const int32_t before = autograd().set_recording(0);
  int recorded = 0;
  ok(parallel().run(
      16, 1,
      [](void* user, int64_t, int64_t) -> basin_status {
        const int32_t was = autograd().set_recording(0);
        if (was) *static_cast<int*>(user) = 1;
        autograd().set_recording(was);
        return BASIN_OK;
      },
      &recorded));
  autograd().set_recording(before);
  CHECK(recorded == 0);
}

TEST_CASE("a plugin in C99 calls the tables") {
  const float values[] = {1, 2, 3, 4};
  double mean = 0;
  table<uint32_t>(BASIN_TENSOR_INTERFACE);
  ok(plain_c_mean_of_squares(basin::host_table(), values, 4, &mean));
  CHECK(mean == 7.5);
}
