import HostConfiguration

/// A main file with this text.
func main(_ text: String) -> ConfigurationSource {
  ConfigurationSource(path: "/etc/holdfast/holdfast.conf", text: text)
}

func dropIn(_ name: String, _ text: String) -> ConfigurationSource {
  ConfigurationSource(path: "/etc/holdfast/holdfast.conf.d/\(name)", text: text)
}

func service(_ text: String, name: String = "web.conf") -> ConfigurationSource {
  ConfigurationSource(path: "/etc/holdfast/services.d/\(name)", text: text)
}

/// The issues as `line key`, which is what the tables compare; the sentences are for people.
func places(_ sources: ConfigurationSource...) -> [String] {
  Settings.read(sources).issues.map { "\($0.line) \($0.key ?? "-")" }
}
