-- Count the messages on UDP port 53 that ask for api.telegram.org, with dnsjit; nothing behind the
-- question is read.
--
--     dnsjit question.lua FILE octets    the name is compared where it stands: the fastest found
--     dnsjit question.lua FILE parsed    the question is parsed by dnsjit, the name made a string
local ffi = require("ffi")
local object = require("dnsjit.core.objects")
local input = require("dnsjit.input.mmpcap").new()
local layer = require("dnsjit.filter.layer").new()

local wanted = "\3api\8telegram\3org\0"
local length = #wanted
local name = ffi.new("uint8_t[?]", length, wanted)
local fold = ffi.new("uint8_t[256]")
for octet = 0, 255 do
    fold[octet] = (octet >= 65 and octet <= 90) and octet + 32 or octet
end

local function by_octets(obj)
    local payload = ffi.cast("core_object_payload_t*", obj)
    if payload.len < 12 + length then return false end
    local at = 0
    while at < length and fold[payload.payload[12 + at]] == name[at] do
        at = at + 1
    end
    return at == length
end

local dns = require("dnsjit.core.object.dns").new()
local label = require("dnsjit.core.object.dns.label")
local question = require("dnsjit.core.object.dns.q").new()
local labels = label.new(127)

local function by_parsing(obj)
    dns.obj_prev = obj
    if dns:parse_header() ~= 0 or dns.qdcount == 0 then return false end
    if dns:parse_q(question, labels, 127) ~= 0 then return false end
    local text = label.tostring(dns, labels, 127)
    return text ~= nil and text:lower() == "api.telegram.org."
end

local asks = arg[3] == "parsed" and by_parsing or by_octets
if input:open(arg[2]) ~= 0 then os.exit(1) end
layer:producer(input)
local produce, context = layer:produce()
local messages, found = 0, 0
while true do
    local obj = produce(context)
    if obj == nil then break end
    local below = obj.obj_prev
    if obj.obj_type == object.PAYLOAD and below ~= nil and below.obj_type == object.UDP then
        local udp = ffi.cast("core_object_udp_t*", below)
        if udp.dport == 53 or udp.sport == 53 then
            messages = messages + 1
            if asks(obj) then found = found + 1 end
        end
    end
end
print(messages .. " " .. found)
