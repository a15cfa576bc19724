// Arguments of operators, spans, and closures, without any tensor.
#include "catch.hpp"
#include "fake_host.hpp"

using namespace basin;

TEST_CASE("arguments carry their tags") {
  CHECK(Value().tag == BASIN_ARG_DEFAULT);
  CHECK(Value(nullptr).tag == BASIN_ARG_NONE);
  CHECK(Value(Tensor()).tag == BASIN_ARG_NONE);
  CHECK(Value(true).tag == BASIN_ARG_BOOL);
  CHECK(Value(2).u.i == 2);
  CHECK(Value(int64_t{1} << 40).u.i == int64_t{1} << 40);
  CHECK(Value(0.5).u.f == 0.5);
  CHECK(Value("sum").tag == BASIN_ARG_STRING);
  CHECK(Value(Type::int64).u.i == BASIN_INT64);
  CHECK(Value(MemoryFormat::channels_last).tag == BASIN_ARG_MEMORY_FORMAT);
  const Value device(Device{BASIN_CUDA, 3});
  CHECK(device.u.i == BASIN_CUDA);
  CHECK(device.aux == 3);
  const std::vector<int64_t> list{4, 5};
  CHECK(Value(list).count == 2);
  CHECK(Value(list).u.ints[1] == 5);
  CHECK(Value(std::vector<Tensor>(3)).tag == BASIN_ARG_TENSORS);
  CHECK(Value(std::vector<Tensor>(3)).count == 3);
}

TEST_CASE("spans view what they are given") {
  const auto sum = [](Sizes s) {
    int64_t total = 0;
    for (int64_t v : s) total += v;
    return total;
  };
  CHECK(sum({1, 2, 3}) == 6);
  CHECK(sum({}) == 0);
  CHECK(sum(std::vector<int64_t>{4, 5}) == 9);
  const int64_t array[] = {7, 8};
  CHECK(sum({array, 1}) == 7);
}

TEST_CASE("a closure passes requests on and brings failures back") {
  const Closure closure([](const Request& r) -> LossResult {
    if (r.per_sample) throw error("not today", BASIN_ERROR_INTERRUPTED);
    return {};
  });
  CHECK_FALSE(closure().loss);
  Request request;
  request.per_sample = true;
  CHECK_THROWS_AS(closure(request), error);
}

TEST_CASE("inputs that were left out are empty tensors") {
  const Inputs in(nullptr, 0);
  CHECK(in.size() == 0);
  CHECK_FALSE(in[3]);
}
