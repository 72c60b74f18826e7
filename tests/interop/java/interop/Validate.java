package interop;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/**
 * HAPI's instance validator against base R4. NDJSON of resources in; out, one line of JSON for each message that is more
 * than information: {"line","severity","location","id","message"}, and at the end {"validated":n}.
 */
public final class Validate {
  public static void main(String[] arguments) throws Exception {
    FhirContext context = FhirContext.forR4();
    var support =
        new ValidationSupportChain(
            new DefaultProfileValidationSupport(context),
            new CommonCodeSystemsTerminologyService(context),
            new InMemoryTerminologyServerValidationSupport(context),
            new SnapshotGeneratingValidationSupport(context));
    FhirValidator validator = context.newValidator();
    FhirInstanceValidator instances = new FhirInstanceValidator(support);
    // A profile that a resource claims and base R4 does not hold is a warning, which wants a reason like any other.
    instances.setErrorForUnknownProfiles(false);
    validator.registerValidatorModule(instances);

    List<String> resources =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).lines().toList();
    IntStream.range(0, resources.size())
        .parallel()
        .mapToObj(at -> messagesOf(validator, at + 1, resources.get(at)))
        .forEachOrdered(System.out::print);
    System.out.println(JSON.createObjectNode().put("validated", resources.size()).toString());
  }

  private static final ObjectMapper JSON = new ObjectMapper();

  private static String messagesOf(FhirValidator validator, int line, String resource) {
    StringBuilder rows = new StringBuilder();
    for (SingleValidationMessage message : validator.validateWithResult(resource).getMessages()) {
      String severity = message.getSeverity().getCode();
      if (severity.equals("information")) continue;
      ObjectNode row = JSON.createObjectNode();
      row.put("line", line).put("severity", severity).put("location", message.getLocationString());
      row.put("id", message.getMessageId()).put("message", message.getMessage());
      rows.append(row).append('\n');
    }
    return rows.toString();
  }

  private Validate() {}
}
