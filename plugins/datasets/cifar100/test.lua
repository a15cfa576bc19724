-- arguments: --trust
local basin = require "basin"

local folder = "cifar-100-binary"
assert(os.execute("mkdir -p " .. folder))
local function write(name, bytes)
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(bytes)
  return file
end
local function refused(text, options)
  options.root = "."
  local ok, message = pcall(function() return basin.dataset("cifar100", options).count end)
  assert(not ok and tostring(message):find(text, 1, true), "expected '" .. text .. "', got: " .. tostring(message))
end

refused("is no CIFAR-100: the file 'train.bin', which is not there", {})
write("test.bin", string.rep("\0", 3074)):close()
refused("has 3074 bytes, but a file of CIFAR-100's binary version has 30740000", { split = "test" })
refused("needs the file './cifar-100-binary/train.bin', which is not there", {})
refused("labels", { labels = "superfine" })

-- Record 0: coarse 19, fine 99 and a ramp; the last record: coarse 3, fine 42 and white; the rest is black.
local ramp = {}
for i = 0, 3071 do ramp[i + 1] = string.char(i % 251) end
ramp = table.concat(ramp)
local file = write("test.bin", "\19\99" .. ramp)
file:seek("set", 30740000 - 3074)
file:write("\3\42", string.rep("\255", 3072))
file:close()

local data = basin.dataset "cifar100" { root = ".", split = "test" }
assert(data.count == 10000 and data.classes == 100 and data.shape[2] == 32)
assert(data.reference == "CIFAR-100 test, 10000 images")
assert(basin.dataset("cifar100", { root = folder, split = "test", labels = "coarse" }).classes == 20)
for _, item in ipairs { 1, 2, 10000 } do
  local pixels = data:images(item).pixels:reshape(-1):totable()
  for i = 1, 3072 do assert(pixels[i] == (item == 1 and ramp:byte(i) or item == 2 and 0 or 255)) end
end
assert(basin.dataset("cifar100", { root = ".", split = "test", size = 8 }).shape[3] == 8)

-- Names of classes, as many as there are.
write("fine_label_names.txt", string.rep("name\n", 99)):close()
refused("fine_label_names.txt' names 99 classes, and CIFAR-100 has 100", { split = "test" })
write("fine_label_names.txt", string.rep("name\n", 100)):close()
assert(basin.dataset("cifar100", { root = ".", split = "test" }).classes == 100)

-- Labels that are none: a coarse one matters only where it is asked for.
local function relabel(coarse, fine)
  file = assert(io.open(folder .. "/test.bin", "r+b"))
  file:seek("set", 3074)
  file:write(string.char(coarse, fine))
  file:close()
end
relabel(0, 100)
refused("record 1 has the label 100, and labels are 0 to 99", { split = "test" })
relabel(20, 0)
refused("record 1 has the label 20, and labels are 0 to 19", { split = "test", labels = "coarse" })

os.execute("rm -r " .. folder)
print "ok"
