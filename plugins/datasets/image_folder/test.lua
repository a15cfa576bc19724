-- arguments: --trust
local basin = require "basin"
local pictures = require "pictures"

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir -p '" .. folder .. "'"))

local function refused(text, options)
  options.root = folder
  local ok, message = pcall(function()
    local data = basin.dataset("image_folder", options)
    return data:read(1, data.count)
  end)
  assert(not ok and tostring(message):find(text, 1, true), "expected '" .. text .. "', got: " .. tostring(message))
end

refused("There is no picture below", {})

-- Pictures of a known data set, written as PNG and read again: the same bytes.
local shapes = basin.dataset "shapes" { count = 8, size = 32 }
local written = pcall(function()
  shapes:images(1, 3):save(folder .. "/b")
  shapes:images(4, 2):save(folder .. "/a")
  shapes:images(6, 1):save(folder)
end)
if not written then
  print "skipped: this machine cannot write pictures (no OpenCV)"
  os.execute("rm -r '" .. folder .. "'")
  return
end
for _, keep in ipairs { 0, 64 } do
  local data = basin.dataset "image_folder" { root = folder, keep = keep }
  assert(data.count == 6 and data.classes == 2)
  assert(table.concat(data:labels(1, 6):totable(), " ") == "-1 0 0 1 1 1")  -- the first stands in no folder
  for _ = 1, 2 do  -- decoded, then kept
    local x = data:read(1, 6)  -- in the order of names: 000001.png, a/..., b/...
    assert((x[1] - shapes:read(6)[1]):abs():max():item() == 0)
    assert((x[2] - shapes:read(4)[1]):abs():max():item() == 0)
    assert((x[6] - shapes:read(3)[1]):abs():max():item() == 0)
  end
end
assert(basin.dataset("image_folder", { root = folder, size = 16 }).shape[2] == 16)

-- Files that Pillow wrote: the folders a, b and c hold pictures 0 and 3, 1 and 4, 2 and 5.
local given = basin.dataset "image_folder" { root = pictures.place "folder" }
assert(given.count == 6 and given.classes == 3 and given.shape[2] == 8)
assert(table.concat(given:labels(1, 6):totable(), " ") == "0 0 1 1 2 2")
for item, k in ipairs { 0, 3, 1, 4, 2, 5 } do pictures.check(given, item, item, k) end

-- Pictures of other sizes need one to be given.
shapes:images(1, 1):save(folder .. "/c")
basin.dataset("shapes", { count = 1, size = 48 }):images(1):save(folder .. "/d")
refused("/d/000001.png is 48x48 pixels, and the first picture is 32x32: give size = N", {})
assert(basin.dataset("image_folder", { root = folder, size = 32 }):read(1, 8):shape()[1] == 8)

-- A file that is no picture is named.
local file = assert(io.open(folder .. "/b/broken.png", "wb"))
file:write "not a picture"
file:close()
refused("b/broken.png cannot be read: its 13 bytes are not a whole image", { size = 32 })

os.execute("rm -r '" .. folder .. "'")
print "ok"
