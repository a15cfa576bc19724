-- arguments: --trust
local basin = require "basin"

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir -p '" .. folder .. "/cifar-10-batches-bin'"))

local function refused(text, options)
  options.root = options.root or folder
  local ok, message = pcall(function() return basin.dataset("cifar10", options).count end)
  assert(not ok and tostring(message):find(text, 1, true), "expected '" .. text .. "', got: " .. tostring(message))
end

refused("data_batch_1.bin', which is not there", {})
refused("size", { size = 33 })

local path = folder .. "/cifar-10-batches-bin/test_batch.bin"
local file = assert(io.open(path, "wb"))
file:write(string.rep("\0", 3073))
file:close()
refused("data_batch_1.bin', which is not there", { split = "train" })  -- though another file is
refused("has 3073 bytes, but a file of CIFAR-10's binary version has 30730000", { split = "test" })

-- Record 0: label 7 and a ramp; record 1: label 3 and white; the rest is black with label 0.
local ramp = {}
for i = 0, 3071 do ramp[i + 1] = string.char(i % 256) end
ramp = table.concat(ramp)
file = assert(io.open(path, "wb"))
file:write("\7", ramp, "\3", string.rep("\255", 3072))
file:seek("set", 30730000 - 1)
file:write "\0"
file:close()

local data = basin.dataset "cifar10" { root = folder, split = "test" }
assert(data.count == 10000 and data.classes == 10 and data.shape[2] == 32)
assert(table.concat(data:labels(1, 3):totable(), " ") == "7 3 0" and data:labels(2).dtype == "int64")
local pixels = data:images(1, 3).pixels:reshape(3, -1):totable()
for i = 1, 3072 do assert(pixels[1][i] == ramp:byte(i) and pixels[2][i] == 255 and pixels[3][i] == 0) end
-- The folder above and the folder itself are the same data.
assert(basin.dataset("cifar10", { root = folder .. "/cifar-10-batches-bin", split = "test" }).count == 10000)

-- 16x16: the mean of 2x2 pixels, rounded half up.
local small = basin.dataset "cifar10" { root = folder, split = "test", size = 16 }
local halved = small:images(1).pixels:reshape(-1):totable()
local function at(c, y, x) return ramp:byte(c * 1024 + y * 32 + x + 1) end
for c = 0, 2 do
  for y = 0, 15 do
    for x = 0, 15 do
      local sum = at(c, 2 * y, 2 * x) + at(c, 2 * y, 2 * x + 1) + at(c, 2 * y + 1, 2 * x) + at(c, 2 * y + 1, 2 * x + 1)
      assert(halved[c * 256 + y * 16 + x + 1] == (sum + 2) // 4)
    end
  end
end
assert(basin.dataset("cifar10", { root = folder, split = "test", size = 24 }).shape[3] == 24)

-- A label that is none.
file = assert(io.open(path, "r+b"))
file:seek("set", 3073)
file:write "\10"
file:close()
refused("record 1 has the label 10", { split = "test" })

os.execute("rm -r '" .. folder .. "'")
print "ok"
