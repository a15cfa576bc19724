// Catch2 as Debian 12 (version 2) and Ubuntu 24.04 (version 3) name it. One test program holds BASIN_TEST_MAIN.
// Include it last: LibTorch defines a CHECK of its own.
#pragma once
#undef CHECK
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#ifdef BASIN_TEST_MAIN
#define CATCH_CONFIG_MAIN
#endif
#include <catch2/catch.hpp>
#endif
